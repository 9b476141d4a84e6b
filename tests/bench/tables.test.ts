import { expect, test } from '@jest/globals'
import { withTables } from './tables.mjs'

const run = {
  quick: false,
  circumstances: { at: '2026-11-27T04:09:51.160Z', node: 'v24.21.0', cores: 2, loadBefore: [0.5, 1.25] },
  figures: { growth: [{ pendingLogins: 100_000, perSecond: 49_061.7, cpuMicros: 20.061, redisCpuMicros: 1.7 }] },
}
const place = (name: string, before = '') =>
  `Said before.\n\n<!-- bench: ${name} -->\n${before}<!-- end -->\n\nSaid after.\n`

test("a document has the run's tables where they belong, in words, and keeps all else", () => {
  const table = `| pending logins | a second | processor, µs | Redis processor, µs |
| --- | --- | --- | --- |
| 100,000 | 49,062 | 20.06 | 1.7 |
`
  expect(withTables(place('growth'), run)).toBe(place('growth', table))
  expect(withTables(place('growth', '| an older | one |\n'), run)).toBe(place('growth', table))
  const two = place('circumstances') + place('growth')
  expect(withTables(two, run)).toContain(
    '| at | node | cores | load before |\n| --- | --- | --- | --- |\n| 2026-11-27 04:09 UTC | v24.21.0 | 2 | 0.5, 1.25 |\n',
  )
  expect(
    withTables(place('circumstances'), { ...run, circumstances: { ...run.circumstances, 'MB of `X`': 1 } }),
  ).toContain('| MB of `X` |\n')
  expect(withTables('No tables.\n', run)).toBe('No tables.\n')
})

test('what the run has not measured is refused, and never left as it was', () => {
  expect(() => withTables(place('held'), run)).toThrow('the run has no held')
  expect(() => withTables(place('nonsense'), run)).toThrow('the run has no nonsense')
})
