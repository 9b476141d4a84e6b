import { describe, expect, test } from '@jest/globals'
import {
  type AccountChange,
  accountsIn,
  changedAccounts,
  type WrittenAccount,
} from '../../../server/cli/accounts-text.ts'

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'
const OTHER = HASH.replace('c2Fs', 'T1Ro')
const ADD: AccountChange = {
  kind: 'add',
  account: { username: 'bob', name: 'Bob: a "name"', groups: ['staff', '#1'], password_hash: OTHER },
}
const DISABLE: AccountChange = { kind: 'set', username: 'ADA', key: 'disabled', value: true }
const ENABLE: AccountChange = { ...DISABLE, value: undefined }
const PASSWORD: AccountChange = { kind: 'set', username: 'ada', key: 'password_hash', value: OTHER }

const YAML = `# Our people. Ask Grace before you change this.
- username: ada # who wrote the first one
  name: "Ada Lovelace"
  groups: [staff, admins]
  # since the audit
  password_hash: '${HASH}'

# The night shift
- username: cyd
  name: Cyd
  groups:
    - staff
  password_hash: ${HASH}
`

describe('YAML', () => {
  test('a changed password is the one thing that changes', () => {
    expect(changedAccounts(YAML, PASSWORD)).toBe(YAML.replace(HASH, OTHER))
  })

  test('who is disabled has one line more, and enabled one line less', () => {
    const disabled = changedAccounts(YAML, DISABLE)
    expect(disabled).toBe(YAML.replace(`'${HASH}'\n`, `'${HASH}'\n  disabled: true\n`))
    expect(changedAccounts(disabled, DISABLE)).toBe(disabled)
    expect(changedAccounts(disabled, ENABLE)).toBe(YAML)
  })

  test('who is added stands at the end, and what is there stays as it is', () => {
    const changed = changedAccounts(YAML, ADD)
    expect(changed.startsWith(YAML)).toBe(true)
    expect(accountsIn(changed).at(-1)).toEqual(ADD.account)
  })

  test.each([
    ['lists that are not indented', YAML.replace('    - staff', '  - staff')],
    ['braces with spaces', `- { username: ada, name: Ada, groups: [ a ], password_hash: "${HASH}" }\n`],
    ['braces without', `- {username: ada, name: Ada, groups: [a], password_hash: "${HASH}"}\n`],
    ['a document`s mark', `---\n${YAML}`],
    ['line ends of Windows', YAML.replaceAll('\n', '\r\n')],
    ['a very long line', YAML.replace('Ada Lovelace', 'Ada '.repeat(60).trim())],
  ])('%s stay so', (_what, text) => {
    expect(changedAccounts(text, PASSWORD)).toBe(text.replace(HASH, OTHER))
    const lines = changedAccounts(text, ADD).split('\n')
    expect(lines.slice(0, text.split('\n').length - 1)).toEqual(text.split('\n').slice(0, -1))
  })

  test('a file of comments alone keeps them', () => {
    const text = '# Nobody yet\n'
    expect(accountsIn(text)).toEqual([])
    expect(changedAccounts(text, ADD)).toMatch(/^# Nobody yet\n+- username: bob\n/)
  })

  test('hundreds whose groups are an alias stay so', () => {
    const others = Array.from({ length: 300 }, (_, at) => {
      return `- {username: u${at}, name: U, groups: *staff, password_hash: "${HASH}"}\n`
    })
    const text = `- {username: ada, name: Ada, groups: &staff [staff, vpn], password_hash: "${HASH}"}\n${others.join('')}`
    expect(accountsIn(text).at(-1)?.groups).toEqual(['staff', 'vpn'])
    expect(changedAccounts(text, PASSWORD)).toBe(text.replace(HASH, OTHER))
  })

  test('an entry that is an alias is left to people', () => {
    const text = `- &a {username: ada, name: Ada, password_hash: "${HASH}"}\n- {username: cyd, name: Cyd, password_hash: &h "${HASH}"}\n- {username: dan, name: Dan, password_hash: *h}\n`
    const change = (username: string): AccountChange => ({ ...PASSWORD, username }) as AccountChange
    expect(accountsIn(changedAccounts(text, change('dan')))[2]?.password_hash).toBe(OTHER)
    // It would be two people's.
    expect(() => changedAccounts(text, change('cyd'))).toThrow('edit it by hand')
  })
})

describe('JSON', () => {
  const people: WrittenAccount[] = [{ username: 'ada', name: 'Ada', password_hash: HASH }]

  test.each<[string, string | number | undefined, string]>([
    ['two spaces', 2, '\n'],
    ['a tab', '\t', ''],
    ['one line', undefined, '\n'],
  ])('by %s stays so', (_what, indent, end) => {
    const json = (accounts: readonly WrittenAccount[]) => JSON.stringify(accounts, undefined, indent) + end
    const [ada] = people as [WrittenAccount]
    expect(changedAccounts(json(people), ADD)).toBe(json([ada, (ADD as { account: WrittenAccount }).account]))
    expect(changedAccounts(json(people), PASSWORD)).toBe(json([{ ...ada, password_hash: OTHER }]))
    expect(changedAccounts(json([{ ...ada, disabled: true }]), ENABLE)).toBe(json(people))
  })

  test('of nobody gets somebody', () => {
    expect(JSON.parse(changedAccounts('[]\n', ADD))).toEqual([(ADD as { account: WrittenAccount }).account])
  })
})

describe('refused, with where and why', () => {
  test.each<[string, string, AccountChange, string]>([
    [
      'a name that is taken',
      YAML,
      { kind: 'add', account: { username: 'ＡＤＡ', name: 'x', password_hash: HASH } },
      'its username is taken by entry 1',
    ],
    [
      'an id that is taken',
      YAML,
      { kind: 'add', account: { username: 'x', id: 'ADA', name: 'x', password_hash: HASH } },
      'its id is taken by entry 1',
    ],
    [
      'a group with a comma',
      YAML,
      { kind: 'add', account: { username: 'x', name: 'x', groups: ['a,b'], password_hash: HASH } },
      'group 1 must',
    ],
    [
      'a user name with a space at its end',
      YAML,
      { kind: 'add', account: { username: 'x ', name: 'x', password_hash: HASH } },
      'username must',
    ],
    ['nobody of that name', YAML, { ...PASSWORD, username: 'adb' } as AccountChange, 'There is no "adb"'],
    ['what can be nobody`s name', YAML, { ...PASSWORD, username: 'a\u0000' } as AccountChange, 'There is no'],
    ['a file that is bad already', '- username: [}', ADD, 'line 1'],
    ['a file that is no list', 'username: ada', ADD, 'must be array'],
  ])('%s', (_what, text, change, why) => {
    expect(() => changedAccounts(text, change)).toThrow(why)
  })
})

test('a file of lists without end is refused, and ends nothing', () => {
  expect(() => changedAccounts('['.repeat(20_000), ADD)).toThrow(
    'ACCOUNTS_FILE: line 1: lists in lists, more than 200 deep',
  )
})
