import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

/**
 * Servers of the bench load ScanIn's sources by name, which no compiler checks: when a file moves, a figure would be
 * lost.
 */
const NAMES = /\bsource\('([^']+)'\)|\bjoin\(ROOT, 'server\/([^']+)'\)/g

const named = ['servers', 'parts', 'measures'].flatMap((folder) =>
  readdirSync(`tests/bench/${folder}`).flatMap((name) =>
    [...readFileSync(`tests/bench/${folder}/${name}`, 'utf8').matchAll(NAMES)].map(
      ([, own, whole]) => `${name}: server/${own ?? whole}`,
    ),
  ),
)

test('what the bench loads of the server is where it looks', () => {
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((line) => !existsSync(line.slice(line.indexOf(' ') + 1)))).toEqual([])
})
