import { expect, test } from '@jest/globals'
import { millionWaiting } from './million.mjs'

const figures = {
  throughput: { rows: [{ name: 'ScanIn', cpuMicros: 20, bytesAReply: 370 }], redisCpuMicros: 1.5 },
  held: [{ cpuMicros: 70 }],
  waiters: [
    { name: 'held poll, 25 s', bytesAWaiter: 7000 },
    { name: 'held poll, 2 s', bytesAWaiter: 12_000 },
    { name: 'plain poll every 2 s', bytesAWaiter: 8000 },
  ],
  instances: [
    { store: 'one Redis', instances: 1, cpuMicros: 21, redisCpuMicros: 1.5 },
    { store: 'a Cluster of three', instances: 1, cpuMicros: 42, redisCpuMicros: 6 },
  ],
}

test('a million browsers take as many cores as their polls cost, and where one Redis does not do, what they cost in a Cluster', () => {
  const rows = millionWaiting(figures)
  expect(rows.map((row) => row['requests a second'])).toEqual([500_000, 500_000, 40_000])
  // 500,000 of 20 µs are ten cores, twenty in a Cluster, and 70 % of 29; held for 25 s, 40,000 of 70 µs are 2.8.
  expect(rows.map((row) => row['instances, a core each'])).toEqual([29, 100, 4])
  // 500,000 of 1.5 µs are more than 70 % of a core; of 6 µs they are three cores.
  expect(rows.map((row) => row['cores of Redis'])).toEqual([5, 5, 1])
  expect(rows.map((row) => row['their memory, GB'])).toEqual([8, 12, 7])
})
