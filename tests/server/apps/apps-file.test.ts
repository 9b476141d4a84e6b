import { expect, test } from '@jest/globals'
import { parseApps } from '../../../server/apps/apps-file.ts'

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
