import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import Type from 'typebox'
import { createListFile, readYaml } from '../../../server/files/list-file.ts'

const entry = Type.Object({ name: Type.String(), groups: Type.Array(Type.String()) }, { additionalProperties: false })
const people = createListFile({ variable: 'PEOPLE_FILE', what: 'person', plural: 'people', entry })

const repeated = (line: string, times: number) => Array<string>(times).fill(line).join('')

describe('an anchor in YAML', () => {
  test('may be used by each of thousands of entries', () => {
    const text = `- {name: ann, groups: &staff [staff, &net vpn]}\n${repeated('- {name: *net, groups: *staff}\n', 5000)}`
    const read = people.parse(text)
    expect(read).toHaveLength(5001)
    const last = read.at(-1)
    expect(last?.value).toEqual({ name: 'vpn', groups: ['staff', 'vpn'] })
    expect(last?.place()).toBe(': line 5001, entry 5001')
  })

  test('is what it was last before its alias', () => {
    const { value } = readYaml('FILE', '[&a 1, *a, &a 2, *a, {? &b c : *a}, *b, &d [&a 3, *a], *d, *a]')
    expect(value).toEqual([1, 1, 2, 2, { c: 2 }, 'c', [3, 3], [3, 3], 3])
  })

  test('whose entry is bad says so where it stands', () => {
    const text = '- &ann {name: ann, groups: [1]}\n'
    expect(() => people.parse(`- {name: bob, groups: []}\n${text}`)).toThrow('PEOPLE_FILE: line 2, entry 2: groups 0')
  })

  const bomb = ['&l0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]']
  for (let level = 1; level < 12; level++) bomb.push(`&l${level} [${repeated(`*l${level - 1}, `, 10)}]`)

  test.each([
    ['aliases of aliases that fill the memory', bomb.map((list) => `- ${list}\n`).join(''), 'line 6: aliases of more'],
    [
      'a long list, time and again',
      `- &a [${repeated('0, ', 2000)}]\n${repeated('- *a\n', 600)}`,
      'line 501: aliases of',
    ],
    ['an alias of nothing', '- &a x\n- *hunter2\n', 'line 2: an alias that leads nowhere'],
    ['an alias of what comes later', '- *a\n- &a hunter2\n', 'line 1: an alias that leads nowhere'],
    ['an alias within what it stands for', '- &a 1\n- &a\n  - hunter2\n  - *a\n', 'line 4: an alias of what it is in'],
  ])('does not lead to %s', (_what, text, why) => {
    expect(() => readYaml('FILE', text)).toThrow(`FILE: ${why}`)
    expect(() => readYaml('FILE', text)).not.toThrow('hunter2')
  })
})

test.each([
  ['YAML', '- name: ann\n  groups: []\n- name: bob\n  groups: []\n'],
  ['JSON', '[{"name": "ann", "groups": []}, {"name": "bob", "groups": []}]'],
])('a file in %s may begin with the byte order mark of an editor', async (_what, text) => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-list-'))
  const path = join(folder, 'people')
  writeFileSync(path, `\ufeff${text}`)
  expect(people.parse(await people.text(path))).toMatchObject([{ value: { name: 'ann' } }, { value: { name: 'bob' } }])
  rmSync(folder, { recursive: true })
})

test.each([
  ['YAML', '- name: ann\n  groups: []\n  name: hunter2\n'],
  ['JSON', '[{"name": "ann",\n "groups": [],\n "name": "hunter2"}]'],
])('a key that is there twice is named as such, by its line: %s', (_what, text) => {
  expect(() => people.parse(text)).toThrow('PEOPLE_FILE: line 3: a key that is there twice')
})

describe('what is nested without end', () => {
  test.each([
    ['lists', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['lists that are never closed', '['.repeat(20_000)],
    ['objects', '{"a":'.repeat(20_000)],
    ['lists in lines', '- '.repeat(20_000)],
    ['keys of keys', '? '.repeat(20_000)],
  ])('is refused where it begins to be: %s', (_what, text) => {
    expect(() => people.parse(`# People\n${text}`)).toThrow('PEOPLE_FILE: line 2: lists in lists, more than 200 deep')
  })

  test('is none of what is long, or has brackets in its texts', () => {
    const name = '[{'.repeat(500)
    const text = repeated(`- {name: "${name}", groups: [[], {}]}\n`, 300)
    expect(readYaml('FILE', text).value).toHaveLength(300)
  })
})

test('a file of two documents is none', () => {
  expect(() => readYaml('FILE', '- 1\n---\n- 2\n')).toThrow('FILE: line 2: neither JSON nor YAML')
})

describe('what is wrong is told by its own line', () => {
  const yaml = (name: string, groups: string, other = '') => `- name: eve
  groups: []
- name: ${name}
  groups:
${groups}${other}
`

  test.each([
    ['a name', yaml('7', '    - staff'), 'line 3, entry 2: name must be string'],
    ['a name that is empty', yaml('', '    - staff'), 'line 3, entry 2: name must be string'],
    ['one of a list', yaml('ann', '    - staff\n    - [crew]'), 'line 6, entry 2: groups 1 must be string'],
    ['a list that is none', yaml('ann', '    staff: true'), 'line 5, entry 2: groups must be array'],
    ['a key that is none', yaml('ann', '    - staff', '\n  admin: 1'), 'line 6, entry 2: has a key that is none of'],
    ['a key that is left out', '- name: eve\n  groups: []\n- name: ann\n', 'line 3, entry 2: must have required'],
    ['an entry that is none', '- name: eve\n  groups: []\n- ann\n', 'line 3, entry 2: must be object'],
    ['an alias', '- name: eve\n  groups: &x [a]\n- groups: []\n  name: *x\n', 'line 4, entry 2: name must be string'],
  ])('in YAML: %s', (_what, text, why) => {
    expect(() => people.parse(text)).toThrow(`PEOPLE_FILE: ${why}`)
  })

  test.each([
    ['a name', [{ groups: [], name: 7 }], 'line 8, entry 2: name must be string'],
    ['one of a list', [{ name: 'ann', groups: ['staff', 7] }], 'line 10, entry 2: groups 1 must be string'],
    ['a key that is none', [{ name: 'ann', groups: [], admin: 1 }], 'line 9, entry 2: has a key that is none of'],
    ['a key that is left out', [{ name: 'ann' }], 'line 6, entry 2: must have required'],
  ])('in JSON of several lines: %s', (_what, entries, why) => {
    const text = JSON.stringify([{ name: 'eve', groups: [] }, ...entries], undefined, 2)
    expect(() => people.parse(text)).toThrow(`PEOPLE_FILE: ${why}`)
  })

  test('a name that is taken', () => {
    const read = people.parse('- name: ann\n  groups: []\n- groups: []\n  name: ann\n')
    const refuse = () => people.refuseTwins(read, ({ name }) => ({ name }))
    expect(refuse).toThrow('PEOPLE_FILE: line 4, entry 2: its name is taken by entry 1')
  })
})
