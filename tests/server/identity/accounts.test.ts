import { describe, expect, test } from '@jest/globals'
import { type Account, createAccounts, demoAccount } from '../../../server/identity/accounts.ts'
import { hashPassword, parametersOf } from '../../../server/identity/passwords.ts'

async function account(username: string, password: string, changes: Partial<Account> = {}): Promise<Account> {
  const user = { id: `id-of-${username}`, name: username, credential: 'now' }
  return { username, user, passwordHash: await hashPassword(password), isDisabled: false, ...changes }
}

describe('passwords', () => {
  test('are right or wrong, and a name that nobody has is wrong', async () => {
    const ann = await account('ann', 'right')
    const { verifyPassword } = createAccounts([ann])
    expect(await verifyPassword('ann', 'right')).toEqual(ann.user)
    expect(await verifyPassword('Ann', 'right')).toEqual(ann.user)
    expect(await verifyPassword('ann', 'wrong')).toBeUndefined()
    expect(await verifyPassword('nobody', 'right')).toBeUndefined()
    expect(await verifyPassword('nobody', 'the password of nobody')).toBeUndefined()
    expect(await verifyPassword('ann ', 'right')).toBeUndefined()
    expect(await verifyPassword('ann', '\u0000')).toBeUndefined()
  })

  test('are right for each account also where their hashes cost differently', async () => {
    const dear = await hashPassword('dear', { memoryCost: 8192, timeCost: 6, parallelism: 1 })
    const ann = await account('ann', 'cheap')
    const carl = { ...ann, username: 'carl', passwordHash: dear }
    const { verifyPassword } = createAccounts([ann, carl])
    expect(await verifyPassword('ann', 'cheap')).toBeDefined()
    expect(await verifyPassword('carl', 'dear')).toBeDefined()
    expect(await verifyPassword('ann', 'dear')).toBeUndefined()
    expect(await verifyPassword('carl', 'cheap')).toBeUndefined()
  })

  test('are the same however they are typed', async () => {
    const { verifyPassword } = createAccounts([await account('ann', 'cafe\u0301 noir')])
    expect(await verifyPassword('ann', 'caf\u00e9\u00a0noir')).toBeDefined()
  })

  test('are hashed into a PHC string, each time another', async () => {
    const [one, other] = [await hashPassword('x'), await hashPassword('x')]
    expect(parametersOf(one)).toEqual({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
    expect(one).not.toBe(other)
  })
})

describe('a person of now', () => {
  test('is of the accounts as they are, by their names of now', async () => {
    const ann = await account('ann', 'x')
    const accounts = createAccounts([ann])
    const renamed = { ...ann.user, name: 'Ann Other', groups: ['new'] }
    accounts.replace([{ ...ann, user: renamed }])
    expect(accounts.currentPerson(ann.user)).toEqual(renamed)
  })

  test('is nobody once removed, disabled, or with another password', async () => {
    const ann = await account('ann', 'x')
    const bob = await account('bob', 'x')
    const accounts = createAccounts([ann, bob])
    for (const now of [
      [bob],
      [bob, { ...ann, isDisabled: true }],
      [bob, { ...ann, user: { ...ann.user, credential: 'other' } }],
    ]) {
      accounts.replace(now)
      expect(accounts.currentPerson(ann.user)).toBeUndefined()
    }
    expect(await accounts.verifyPassword('ann', 'x')).toBeDefined()
    accounts.replace([{ ...ann, isDisabled: true }])
    expect(await accounts.verifyPassword('ann', 'x')).toBeUndefined()
  })

  test('of a provider is themselves, unless an account here has an id or a user name like theirs', async () => {
    const { currentPerson } = createAccounts([await account('ann', 'x')])
    const person = (id: string) => ({ id, name: 'P', source: 'jwt' as const })
    expect(currentPerson(person('pat'))).toEqual(person('pat'))
    for (const id of ['ann', 'ANN', 'id-of-ann', 'ID-OF-ANN']) expect(currentPerson(person(id))).toBeUndefined()
  })

  test('of the demo account is one to all instances that were told the same password, and another with another', async () => {
    const [one, same, other] = [await demoAccount('one'), await demoAccount('one'), await demoAccount('two')]
    const { currentPerson } = createAccounts([one])
    expect(currentPerson(same.user)).toEqual(one.user)
    expect(currentPerson(other.user)).toBeUndefined()
  })

  test('of the demo account stays with passwords that are made at each start', async () => {
    const [one, other] = [await demoAccount('one', { isMade: true }), await demoAccount('two', { isMade: true })]
    expect(createAccounts([one]).currentPerson(other.user)).toEqual(one.user)
  })
})

describe('what is told of accounts that change', () => {
  test('is each end and each return, once', async () => {
    const ann = await account('ann', 'x')
    const disabled = { ...ann, isDisabled: true }
    const renewed = { ...ann, user: { ...ann.user, credential: 'other' } }
    const accounts = createAccounts([])
    const told = (now: Account[]) => accounts.replace(now).map(({ user, why }) => [user.credential, why])
    expect(told([ann])).toEqual([['now', 'back']])
    expect(told([{ ...ann, user: { ...ann.user, name: 'Ann Other' } }])).toEqual([])
    expect(told([renewed])).toEqual([
      ['now', 'new_password'],
      ['other', 'back'],
    ])
    expect(told([ann]).length).toBe(2)
    expect(told([disabled])).toEqual([['now', 'disabled']])
    expect(told([disabled])).toEqual([])
    expect(told([ann])).toEqual([['now', 'back']])
    expect(told([])).toEqual([['now', 'removed']])
    expect(told([])).toEqual([])
  })

  test('is also that one is removed that was disabled before', async () => {
    const ann = await account('ann', 'x', { isDisabled: true })
    const accounts = createAccounts([ann])
    expect(accounts.replace([])).toEqual([{ user: ann.user, why: 'removed' }])
    expect(accounts.replace([ann])).toEqual([])
  })
})

describe('that somebody has ended', () => {
  const HOUR_MS = 3_600_000
  const MINUTE_MS = 60_000

  test('is known for as long as a login can be open that they approved, and then forgotten, never for good', async () => {
    let now = 0
    const ann = await account('ann', 'x')
    const bob = await account('bob', 'x')
    const withHash = (credential: string) => [{ ...ann, user: { ...ann.user, credential } }]
    const accounts = createAccounts([ann, bob], { clock: () => now, longestLoginMs: 8 * MINUTE_MS })
    accounts.replace(withHash('second'))
    now += HOUR_MS + 8 * MINUTE_MS - 1
    accounts.replace(withHash('third'))
    expect([ann.user, bob.user].map(accounts.hasEnded)).toEqual([true, true])
    now += 1
    accounts.replace(withHash('fourth'))
    expect([ann.user, bob.user].map(accounts.hasEnded)).toEqual([false, false])
    // The last one since is remembered, and nobody is good by what is forgotten.
    expect(accounts.hasEnded({ ...ann.user, credential: 'second' })).toBe(true)
    expect([ann.user, bob.user].map(accounts.currentPerson)).toEqual([undefined, undefined])
  })

  test('counts from the last time that they did', async () => {
    let now = 0
    const ann = await account('ann', 'x')
    const accounts = createAccounts([ann], { clock: () => now, longestLoginMs: 0 })
    accounts.replace([])
    now += HOUR_MS / 2
    accounts.replace([ann])
    expect(accounts.hasEnded(ann.user)).toBe(false)
    accounts.replace([])
    now += HOUR_MS / 2
    accounts.replace([])
    expect(accounts.hasEnded(ann.user)).toBe(true)
  })

  test('is so for who is disabled, however long', async () => {
    let now = 0
    const ann = await account('ann', 'x', { isDisabled: true })
    const accounts = createAccounts([], { clock: () => now, longestLoginMs: 0 })
    accounts.replace([ann])
    now += 10 * HOUR_MS
    accounts.replace([ann])
    expect(accounts.hasEnded(ann.user)).toBe(true)
  })
})
