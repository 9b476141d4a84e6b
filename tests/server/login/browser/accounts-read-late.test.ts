import { expect, test } from '@jest/globals'
import { type Account, type Accounts, createAccounts } from '../../../../server/identity/accounts.ts'
import { hashPassword } from '../../../../server/identity/passwords.ts'
import { createInjectClient, createTestApp, type InjectClient } from '../../../support/app.ts'

/** Of two instances that share a store, the one reads a file of accounts later than the other. */

const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 }

async function ada(password: string, isDisabled = false): Promise<Account> {
  const user = { id: 'ada', name: 'Ada', credential: `mark of ${password}` }
  return { username: 'ada', user, passwordHash: await hashPassword(password, CHEAP), isDisabled }
}

async function bob(): Promise<Account> {
  return {
    username: 'bob',
    user: { id: 'bob', name: 'Bob' },
    passwordHash: await hashPassword('x', CHEAP),
    isDisabled: false,
  }
}

let late: Accounts
let phone: InjectClient
/** At the instance that has read it, and at the other. */
let here: InjectClient
let there: InjectClient
const polls = { POLL_HOLD_SECONDS: '0', COLLECT_SECONDS: '300' }

async function start(before: Account[], now: Account[], env: Record<string, string> = { MATCH: 'never' }) {
  late = createAccounts(before)
  const first = await createTestApp({ ...polls, ...env }, { accounts: createAccounts(now) })
  const second = await createTestApp({ ...polls, ...env }, { accounts: late, store: first.store }, first.time)
  phone = createInjectClient(first.app)
  here = createInjectClient(first.app)
  there = createInjectClient(second.app)
}

async function scanned(): Promise<string> {
  const { token } = (await here.post('/login')).json()
  for (const [name, value] of here.cookies) there.cookies.set(name, value)
  expect((await phone.post('/login/scan', { token })).statusCode).toBe(200)
  return token
}

const signIn = async (password: string) =>
  expect((await phone.post('/sign-in', { username: 'ada', password })).statusCode).toBe(200)
const pollAt = async (client: InjectClient, token: string) => {
  const reply = await client.get(`/login/status/${token}`)
  return reply.statusCode === 200 ? reply.json().status : reply.statusCode
}

const CASES: [what: string, before: () => Promise<Account[]>][] = [
  ['has another password', async () => [await ada('old')]],
  ['is new', async () => [await bob()]],
]

test.each(CASES)('who %s is denied nothing by an instance that has not read of it', async (_what, before) => {
  const now = [await ada('new')]
  await start(await before(), now)
  await signIn('new')
  const token = await scanned()
  expect(await pollAt(there, token)).toBe('scanned')
  expect((await phone.post('/login/confirm', { token })).statusCode).toBe(200)
  expect(await pollAt(there, token)).toBe(503)
  expect(await pollAt(there, token)).toBe(503)
  late.replace(now)
  expect(await pollAt(there, token)).toBe('authenticated')
  expect((await there.get('/session')).json().user).toMatchObject({ id: 'ada' })
})

test('digits that are typed there deny nothing either', async () => {
  const now = [await ada('new')]
  await start([await ada('old')], now, { MATCH: 'always' })
  await signIn('new')
  const token = await scanned()
  const { match_code } = (await phone.post('/login/confirm', { token })).json()
  expect(await pollAt(there, token)).toBe('match_required')
  expect((await there.post('/login/match', { token, match_code })).statusCode).toBe(503)
  expect(await pollAt(here, token)).toBe('authenticated')
})

test.each<[what: string, now: () => Promise<Account[]>]>([
  ['removed', async () => [await bob()]],
  ['disabled', async () => [await ada('old', true)]],
  ['given another password', async () => [await ada('new')]],
])('who is %s is denied at once by the one that has read of it, whatever the other knows', async (_what, now) => {
  const before = [await ada('old')]
  await start(before, before)
  await signIn('old')
  const tokens = [await scanned(), await scanned()] as const
  await phone.post('/login/confirm', { token: tokens[1] })
  late.replace(await now())
  for (const token of tokens) {
    expect(await pollAt(there, token)).toBe('denied')
    expect(await pollAt(here, token)).toBe('denied')
  }
})

test('who is disabled from the start of an instance is denied there', async () => {
  await start([await ada('old', true)], [await ada('old')])
  await signIn('old')
  const token = await scanned()
  expect(await pollAt(there, token)).toBe('denied')
})
