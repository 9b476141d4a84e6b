import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { pictures } from './drawing/pictures.mjs'
import { withTables } from './tables.mjs'

/** The run that docs/performance.md is of: `node tests/bench/publish.mjs` keeps it, and makes anew what is compared here. */
const run = JSON.parse(readFileSync('tests/bench/published.json', 'utf8'))
const document = readFileSync('docs/performance.md', 'utf8')

test('docs/performance.md is of a whole run on Node 24', () => {
  expect(run).toMatchObject({ quick: false, circumstances: { node: expect.stringMatching(/^v24\./) } })
})

test('its tables are those of that run', () => {
  expect(document.match(/<!-- bench: /g)?.length).toBeGreaterThan(5)
  expect(withTables(document, run)).toBe(document)
})

test('it shows every picture of that run, as it is drawn of it', () => {
  const drawn = new Map([...pictures(run.figures)].map(([name, svg]) => [`${name}.svg`, svg]))
  const shown = [...document.matchAll(/\]\(pictures\/(bench-[^)]+)\)/g)].map(([, name]) => name)
  expect(shown.sort()).toEqual([...drawn.keys()].sort())
  expect(
    readdirSync('docs/pictures')
      .filter((name) => name.startsWith('bench-'))
      .sort(),
  ).toEqual(shown)
  for (const [name, svg] of drawn) expect([name, readFileSync(`docs/pictures/${name}`, 'utf8')]).toEqual([name, svg])
})
