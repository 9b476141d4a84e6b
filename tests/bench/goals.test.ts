import { expect, test } from '@jest/globals'
import { goalsSeen } from './goals.mjs'

const throughput = (ofFloor: number) => ({
  rows: [
    { name: 'ScanIn', ofFloor, ofConstant: 0.95, p99Ms: 4.5, cpuMicros: 20 },
    { name: 'constant', p99Ms: 3 },
  ],
})
const met = (figures: object) => new Map(goalsSeen(figures).map(({ goal, met: isMet }) => [goal, isMet]))

test('a goal is met when the figure is there, and judged by the figure as it is read', () => {
  expect(met({ throughput: throughput(1.396) }).get('poll, of the floor')).toBe('yes')
  expect(met({ throughput: throughput(1.394) }).get('poll, of the floor')).toBe('no')
  expect(met({ throughput: throughput(2) }).get("poll at p99, of the constant's")).toBe('yes')
  const held = (cpuMicros: number) => ({ throughput: throughput(2), held: [{ cpuMicros }] })
  expect(met(held(50)).get('processor time of a held poll, of a plain one')).toBe('yes')
  expect(met(held(51)).get('processor time of a held poll, of a plain one')).toBe('no')
})

test('where there are cases it says in how many, and what was not measured has no row', () => {
  const signIn = (p50Ratio: number) => ({ change: 'sign-in', p50Ratio, p99Ratio: 1.2 })
  const seen = goalsSeen({ one: signIn(0.9), two: signIn(0.91), three: signIn(0.5) })
  expect(seen).toEqual([
    { goal: 'signing in, of a WebSocket, p50', wanted: 'at most 0.9', seen: '0.9, 0.91, 0.5', met: 'in 2 of 3' },
    { goal: 'signing in, of a WebSocket, p99', wanted: 'at most 1', seen: '1.2, 1.2, 1.2', met: 'no' },
  ])
})
