import { describe, expect, test } from '@jest/globals'
import { createAccounts, parseAccounts } from '../../../server/identity/accounts.ts'
import { hashPassword, isPasswordHash } from '../../../server/identity/passwords.ts'

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmYxQOc0Zqs8OCJCW4c'

describe('an accounts file', () => {
  test('may be YAML or JSON; an id that is left out is the username', () => {
    const yaml = `
- username: ann
  name: Ann Example
  email: ann@example.com
  groups: [staff]
  password_hash: ${HASH}
- {id: "7", username: bob, name: Bob, password_hash: "${HASH}"}`
    const json = JSON.stringify([
      { username: 'ann', name: 'Ann Example', email: 'ann@example.com', groups: ['staff'], password_hash: HASH },
      { id: '7', username: 'bob', name: 'Bob', password_hash: HASH },
    ])
    const expected = [
      {
        username: 'ann',
        user: { id: 'ann', name: 'Ann Example', email: 'ann@example.com', groups: ['staff'] },
        passwordHash: HASH,
      },
      { username: 'bob', user: { id: '7', name: 'Bob' }, passwordHash: HASH },
    ]
    expect(parseAccounts(yaml)).toEqual(expected)
    expect(parseAccounts(json)).toEqual(expected)
  })

  test.each([
    ['text', 'just text', 'must be array'],
    ['nothing', '', 'must be array'],
    ['broken', '[{', 'neither JSON nor YAML'],
    ['no name', `[{username: a, password_hash: "${HASH}"}]`, '/0'],
    ['a key that is none', `[{username: a, name: A, admin: true, password_hash: "${HASH}"}]`, '/0'],
    ['a password in plain', '[{username: a, name: A, password_hash: hunter2}]', 'entry 1: password_hash'],
    [
      'one username twice',
      `[{username: a, name: A, password_hash: "${HASH}"}, {id: b, username: a, name: B, password_hash: "${HASH}"}]`,
      'entry 2: its username',
    ],
    [
      'one id twice',
      `[{username: a, name: A, password_hash: "${HASH}"}, {id: a, username: b, name: B, password_hash: "${HASH}"}]`,
      'entry 2: its id',
    ],
  ])('with %s is refused, and says where', (_name, text, message) => {
    expect(() => parseAccounts(text)).toThrow(message)
    expect(() => parseAccounts(text)).not.toThrow('hunter2')
  })
})

describe('passwords', () => {
  test('are right or wrong, and a name that nobody has is wrong', async () => {
    const account = { username: 'ann', user: { id: 'ann', name: 'Ann' }, passwordHash: await hashPassword('right') }
    const verify = await createAccounts([account])
    expect(await verify('ann', 'right')).toEqual(account.user)
    expect(await verify('ann', 'wrong')).toBeUndefined()
    expect(await verify('nobody', 'right')).toBeUndefined()
    expect(await verify('nobody', 'the password of nobody')).toBeUndefined()
  })

  test('are hashed into a PHC string, each time another', async () => {
    const [one, other] = [await hashPassword('x'), await hashPassword('x')]
    expect(isPasswordHash(one)).toBe(true)
    expect(one).not.toBe(other)
  })
})
