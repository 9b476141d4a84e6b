import { expect, test } from '@jest/globals'
import { createPaces, longestSlowdown, paceAt } from '../../../../server/login/hold/paces.ts'

test.each([
  { base: { interval: 2, hold: 2 }, slowdown: 1, pace: { interval: 2, hold: 2 } },
  { base: { interval: 2, hold: 2 }, slowdown: 3, pace: { interval: 2, hold: 6 } },
  { base: { interval: 2, hold: 2 }, slowdown: 12.5, pace: { interval: 2, hold: 25 } },
  { base: { interval: 2, hold: 2 }, slowdown: 25, pace: { interval: 4, hold: 25 } },
  { base: { interval: 2, hold: 2 }, slowdown: 62.5, pace: { interval: 10, hold: 25 } },
  { base: { interval: 2, hold: 25 }, slowdown: 2, pace: { interval: 4, hold: 25 } },
  // Holding is off and stays off.
  { base: { interval: 2, hold: 0 }, slowdown: 3, pace: { interval: 6, hold: 0 } },
  { base: { interval: 2, hold: 0 }, slowdown: 5, pace: { interval: 10, hold: 0 } },
  { base: { interval: 30, hold: 0 }, slowdown: 1, pace: { interval: 30, hold: 0 } },
])('first the hold grows to 25, then the interval to 10: $base, $slowdown times', ({ base, slowdown, pace }) => {
  expect(paceAt(base, slowdown)).toEqual(pace)
})

test.each([
  { base: { interval: 2, hold: 2 }, most: 62.5 },
  { base: { interval: 2, hold: 0 }, most: 5 },
  { base: { interval: 2, hold: 25 }, most: 5 },
  { base: { interval: 30, hold: 25 }, most: 1 },
])('a pace can be slowed so far and no further: $base', ({ base, most }) => {
  expect(longestSlowdown(base)).toBe(most)
})

test('follows the load with each poll, and is the same object while it is the same pace', () => {
  let slowdown = 1
  const base = { interval: 2, hold: 2 }
  const paces = createPaces(base, { pressure: { poll: () => slowdown }, random: () => 0.5 })
  paces.polled()
  expect(paces.current).toBe(base)
  expect(paces.holdSeconds()).toBe(2)
  slowdown = 3
  expect(paces.current).toBe(base)
  paces.polled()
  const slower = paces.current
  expect(slower).toEqual({ interval: 2, hold: 6 })
  // Not all at the same time: who waited together does not come again together.
  expect(paces.holdSeconds()).toBe(5.25)
  slowdown = 3.01
  paces.polled()
  expect(paces.current).toBe(slower)
  slowdown = 1
  paces.polled()
  expect(paces.current).toEqual(base)
})
