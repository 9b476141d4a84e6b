import { describe, expect, test } from '@jest/globals'
import { parseAccounts } from '../../../server/identity/accounts-file.ts'

const SALT_AND_HASH = 'c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmYxQOc0Zqs8OCJCW4c'
const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${SALT_AND_HASH}`

const withHash = (entry: object) => ({ password_hash: HASH, ...entry })
const asFile = (...entries: object[]) => JSON.stringify(entries.map(withHash), null, 1)

describe('an accounts file', () => {
  test('may be YAML or JSON; an id that is left out is the username', () => {
    const yaml = `
- username: ann
  name: Ann Example
  email: ann@example.com
  groups: [staff]
  password_hash: ${HASH}
- {id: "7", username: Bob, name: Bob, disabled: true, password_hash: "${HASH}"}`
    const json = asFile(
      { username: 'ann', name: 'Ann Example', email: 'ann@example.com', groups: ['staff'] },
      { id: '7', username: 'Bob', name: 'Bob', disabled: true },
    )
    const credential = expect.any(String)
    const expected = [
      {
        username: 'ann',
        user: { id: 'ann', name: 'Ann Example', email: 'ann@example.com', groups: ['staff'], credential },
        passwordHash: HASH,
        isDisabled: false,
      },
      { username: 'bob', user: { id: '7', name: 'Bob', credential }, passwordHash: HASH, isDisabled: true },
    ]
    expect(parseAccounts(yaml)).toEqual(expected)
    expect(parseAccounts(json)).toEqual(expected)
  })

  test('gives names and groups their one normal form', () => {
    const [account] = parseAccounts(asFile({ username: 'Jose\u0301', name: 'Jose\u0301', groups: ['e\u0301'] }))
    expect(account).toMatchObject({
      username: 'jos\u00e9',
      user: { id: 'Jos\u00e9', name: 'Jos\u00e9', groups: ['\u00e9'] },
    })
  })

  test('marks a changed password, and keeps its hash to itself', () => {
    const other = `$argon2id$v=19$m=19456,t=2,p=1$b3RoZXJzYWx0$RdescudvJCsgt3ub+b4dWRWJTmYxQOc0Zqs8OCJCW4c`
    const markOf = (password_hash: string) =>
      parseAccounts(asFile({ username: 'a', name: 'A', password_hash }))[0]?.user.credential ?? ''
    expect(markOf(HASH)).toBe(markOf(HASH))
    expect(markOf(other)).not.toBe(markOf(HASH))
    expect(HASH).not.toContain(markOf(HASH))
  })

  const ann = { username: 'ann', name: 'Ann' }

  test.each<[string, string, string]>([
    ['text', 'just text', 'must be array'],
    ['nothing', '', 'must be array'],
    ['an empty list', '[]', 'there is no account in it'],
    ['broken', '[\n {"username": "a",,\n', 'line 2: neither JSON nor YAML'],
    ['two documents', `- a\n---\n- b`, 'neither JSON nor YAML'],
    ['a reference to nothing', '- *x', 'line 1: an alias that leads nowhere'],
    ['no name', '\n- username: a\n  password_hash: x', 'line 2, entry 1: must have required'],
    ['a number for a name', asFile(ann, { username: 'b', name: 7 }), 'line 10, entry 2: name must be string'],
    ['a key that is none', asFile({ ...ann, admin: true }), 'line 6, entry 1: has a key that is none of id, username'],
    ['a password in plain', asFile({ ...ann, password_hash: 'hunter2' }), 'entry 1: password_hash is no Argon2id hash'],
    ['one username twice', asFile(ann, { ...ann, id: 'b' }), 'line 9, entry 2: its username is taken by entry 1'],
    ['one username in two cases', asFile(ann, { ...ann, id: 'b', username: 'ANN' }), 'entry 2: its username'],
    ['one username in two widths', asFile(ann, { ...ann, id: 'b', username: 'ａｎｎ' }), 'entry 2: its username'],
    [
      'one username in two normal forms',
      asFile({ ...ann, username: 'jos\u00e9' }, { ...ann, id: 'b', username: 'jose\u0301' }),
      'entry 2: its username',
    ],
    ['one id twice', asFile(ann, { ...ann, id: 'ann', username: 'b' }), 'entry 2: its id is taken by entry 1'],
    ['one id in two cases', asFile(ann, { ...ann, id: 'ANN', username: 'b' }), 'entry 2: its id is taken by entry 1'],
    [
      'a username that is the id of somebody before',
      asFile({ ...ann, id: 'BOB' }, { ...ann, id: '42', username: 'bob' }),
      'entry 2: its username is the id of entry 1',
    ],
    [
      'an id that is the username of somebody before',
      asFile({ ...ann, id: '42' }, { ...ann, id: 'Ann', username: 'bob' }),
      'entry 2: its id is the username of entry 1',
    ],
    ['an id with a space behind', asFile(ann, { ...ann, id: 'b ', username: 'b' }), 'line 11, entry 2: id must'],
    ['an id with a bell', asFile({ ...ann, id: '\u0007ann' }), 'entry 1: id must'],
    ['an id in full width', asFile({ ...ann, id: 'ａｎｎ' }), 'entry 1: id must'],
    ['a username with a space before', asFile({ ...ann, username: ' ann' }), 'entry 1: username must'],
    ['a username with an override', asFile({ ...ann, username: 'n\u202ena' }), 'entry 1: username must'],
    ['a name with a zero-width space', asFile({ ...ann, name: 'A\u200bnn' }), 'entry 1: name must'],
    [
      'a name with half a character',
      `[{"username":"a","name":"\\ud83d","password_hash":"${HASH}"}]`,
      'entry 1: name must',
    ],
    ['an address with a space', asFile({ ...ann, email: 'a b@example.com' }), 'entry 1: email must'],
    ['a group with a comma', asFile({ ...ann, groups: ['staff', 'a,b'] }), 'entry 1: group 2 must'],
    ['a group with a tab', asFile({ ...ann, groups: ['a\tb'] }), 'entry 1: group 1 must'],
  ])('with %s is refused, and says where', (_name, text, message) => {
    expect(() => parseAccounts(text)).toThrow(message)
    expect(() => parseAccounts(text)).toThrow(/^ACCOUNTS_FILE/)
    expect(() => parseAccounts(text)).not.toThrow('hunter2')
  })

  test.each([
    [{ id: 'b ' }, 'line 11, entry 2: id must'],
    [{ username: ' b' }, 'line 9, entry 2: username must'],
    [{ name: 'B\u0007' }, 'line 10, entry 2: name must'],
    [{ email: 'a b@example.com' }, 'line 11, entry 2: email must'],
    [{ groups: ['staff', 'a,b'] }, 'line 13, entry 2: group 2 must'],
    [{ password_hash: 'hunter2' }, 'line 8, entry 2: password_hash is no'],
    [{ username: 'ANN' }, 'line 9, entry 2: its username is taken by entry 1'],
  ])('is refused by the line of what is wrong: %j', (fault, message) => {
    const text = asFile(ann, { password_hash: HASH, username: 'bob', name: 'Bob', ...fault })
    expect(() => parseAccounts(text)).toThrow(`ACCOUNTS_FILE: ${message}`)
  })

  test.each([
    ['m=7167,t=5,p=1', false],
    ['m=7168,t=5,p=1', true],
    ['m=19456,t=1,p=1', false],
    ['m=19456,t=2,p=1', true],
    ['m=47104,t=1,p=1', true],
    ['m=65536,t=4,p=4', true],
    ['m=64,t=1000,p=1', false],
    ['m=4194304,t=2,p=1', false],
    ['m=99999999999,t=2,p=1', false],
    ['m=019456,t=2,p=1', false],
    ['m=19456,t=02,p=1', false],
    ['m=19456,t=2,p=01', false],
  ])('takes a hash of %s: %s', (cost, isTaken) => {
    const attempt = () => parseAccounts(asFile({ ...ann, password_hash: `$argon2id$v=19$${cost}$${SALT_AND_HASH}` }))
    if (isTaken) expect(attempt).not.toThrow()
    else expect(attempt).toThrow('entry 1: password_hash')
  })

  test.each([
    ['c29tZXNhbH_', 'a letter that base64 has not'],
    ['c29tZXNhbHR', 'something in the last bits'],
    ['c29tZXNhbHRzY', 'a letter left over'],
  ])('takes no salt that nothing could be checked by: %s, with %s', (salt) => {
    const [, hash] = SALT_AND_HASH.split('$')
    const password_hash = `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${hash}`
    expect(() => parseAccounts(asFile({ ...ann, password_hash }))).toThrow('entry 1: password_hash is no Argon2id hash')
  })
})
