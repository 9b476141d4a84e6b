import { expect, test } from '@jest/globals'
import { parseApps } from '../../../../server/apps/forward-auth/apps-file.ts'
import { openAppsFile } from '../../../../server/apps/forward-auth/live-apps.ts'
import { createAccounts } from '../../../../server/identity/accounts.ts'
import { createLogger } from '../../../../server/log/logger.ts'
import { writeApps } from '../../../support/applications.ts'
import { tryToStart } from '../../../support/service.ts'

const YAML = `
- origin: https://wiki.example.com
- origin: HTTP://Stats.example:80
  name: "Zahlen & Fakten"
  groups: [staff, "Cafe\\u0301"]
  users: [zofia]
`

test('a file of applications is a list in YAML or JSON', () => {
  const expected = [
    { origin: 'https://wiki.example.com', name: 'wiki.example.com' },
    { origin: 'http://stats.example', name: 'Zahlen & Fakten', groups: ['staff', 'Caf\u00e9'], users: ['zofia'] },
  ]
  expect(parseApps(YAML)).toEqual(expected)
  expect(parseApps(JSON.stringify(expected))).toEqual(expected)
  expect(parseApps('[]')).toEqual([])
})

test.each([
  ['no list', 'origin: https://hunter2.example', /^APPS_FILE: must be array of applications$/],
  ['broken', '- origin: [hunter2', /^APPS_FILE: line \d: neither JSON nor YAML$/],
  ['no origin', '- name: hunter2', /line 1, entry 1: .*origin/],
  ['a path', '- origin: https://hunter2.example/wiki', /line 1, entry 1: origin must be as https:\/\/app.example.com/],
  ['a wildcard', '- origin: "https://*.hunter2.example"', /origin must be/],
  ['another scheme', '- origin: ftp://hunter2.example', /origin must be/],
  ['a user', '- origin: https://hunter2@wiki.example', /origin must be/],
  [
    'twins',
    '- origin: https://wiki.example\n- origin: https://WIKI.example:443',
    /line 2, entry 2: its origin is taken by entry 1/,
  ],
  ['a name of two lines', '- {origin: "https://a.example", name: "hunter2\\nx"}', /name must be of 1 to 255/],
  [
    'a group with a comma',
    '- {origin: "https://a.example", groups: [ok, "hunter2,admins"]}',
    /group 2 must .* without a comma/,
  ],
  ['a user with a space', '- {origin: "https://a.example", users: ["hunter2 "]}', /user 1 must be an id/],
  ['nobody at all', '- {origin: "https://a.example", groups: []}', /groups/],
  [
    'a key that is none',
    '- {origin: "https://a.example", group: [hunter2]}',
    /has a key that is none of origin, name, groups, users/,
  ],
])('with %s it is refused, by where that is, and nothing of it is repeated', (_what, text, message) => {
  expect(() => parseApps(text)).toThrow(message)
  expect(() => parseApps(text)).toThrow(/^APPS_FILE/)
  expect(() => parseApps(text)).not.toThrow('hunter2')
})

test.each([
  ['origin: https://a.example/x', '    - ok', '', /line 2, entry 1: origin must be/],
  ['origin: https://a.example', '    - ok\n    - "a,b"', '', /line 5, entry 1: group 2 must/],
  ['origin: https://a.example', '    - ok', '  users: [a,\n    "b "]', /line 6, entry 1: user 2 must/],
  ['origin: https://a.example', '    - ok', '  name: " x"', /line 5, entry 1: name must/],
])(
  'what is wrong is told by its own line, also where an entry has several: %s %s %s',
  (origin, groups, end, message) => {
    expect(() => parseApps(`# Ours\n- ${origin}\n  groups:\n${groups}\n${end}`)).toThrow(message)
  },
)

test('who is listed by a user name, which lets nobody in, is warned of, and ids are not', async () => {
  const ada = { username: 'ada', user: { id: 'A1', name: 'Ada' }, passwordHash: '', isDisabled: false }
  const bob = { ...ada, username: 'bob', user: { id: 'bob', name: 'Bob' } }
  const people = createAccounts([ada, bob])
  const { path } = writeApps([
    { origin: 'https://wiki.example', users: ['A1', 'bob', 'of-a-provider'] },
    { origin: 'https://stats.example', users: ['A1', 'Ada'] },
    { origin: 'https://open.example' },
  ])
  const lines: string[] = []
  const logger = createLogger('info', { write: (line) => lines.push(line) })
  const { close } = await openAppsFile({ path, publicUrl: 'https://login.example.com', people, logger })
  const warned = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)
  expect(warned).toEqual([
    expect.objectContaining({ origin: 'https://stats.example', msg: expect.stringMatching(/^user 2 is a user name/) }),
  ])
  expect(lines.join('')).not.toMatch(/ada/i)
  close()
})

test('a bad one ends the start with one line that says where', async () => {
  const { path, writeText } = writeApps([])
  writeText('- origin: https://wiki.example.com/start\n')
  const { code, said } = await tryToStart({ HOST: '127.0.0.1', PORT: '0', APPS_FILE: path })
  expect([code, said.trim()]).toEqual([
    1,
    expect.stringMatching(/^APPS_FILE: line 1, entry 1: origin must be as [^\n]*$/),
  ])
})

test('it is read again: what is listed then counts, a bad one does not, and hosts that are shared are warned of', async () => {
  const { path, writeText } = writeApps([{ origin: 'https://wiki.example' }])
  const lines: string[] = []
  const logger = createLogger('info', { write: (line) => lines.push(line) })
  const { apps, reload, close } = await openAppsFile({ path, publicUrl: 'https://login.example', logger })
  expect(lines).toEqual([])
  writeText(
    '- origin: https://stats.example\n- origin: https://stats.example:8443\n- origin: http://login.example:81\n',
  )
  await reload()
  expect([apps.find('https://wiki.example'), apps.find('https://stats.example')?.name]).toEqual([
    undefined,
    'stats.example',
  ])
  const warned = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)
  expect(warned).toMatchObject([
    { origin: 'https://stats.example:8443', msg: expect.stringContaining('one host') },
    { origin: 'http://login.example:81', msg: expect.stringContaining("PUBLIC_URL's host") },
  ])
  writeText('nonsense')
  await reload()
  expect(apps.find('https://stats.example')).toBeDefined()
  expect(lines.at(-1)).toContain('applications as before: the file is bad')
  close()
})
