import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createCoarseTimers } from '../../../../server/login/hold/coarse-timers.ts'

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

test('calls back not before its time and not 10 ms after it', () => {
  const timers = createCoarseTimers()
  for (const ms of [1, 49, 50, 51, 99, 100, 1234]) {
    let calledAt: number | undefined
    const start = performance.now()
    timers.set(() => {
      calledAt = performance.now()
    }, ms)
    jest.advanceTimersByTime(ms - 1)
    expect(calledAt).toBeUndefined()
    jest.advanceTimersByTime(11)
    expect(calledAt).toBeGreaterThanOrEqual(start + ms)
  }
})

test('thousands of waits that end together are one timer of the event loop', () => {
  const timers = createCoarseTimers()
  let calls = 0
  for (let at = 0; at < 5000; at++) timers.set(() => calls++, 2000)
  expect(jest.getTimerCount()).toBe(1)
  jest.advanceTimersByTime(2100)
  expect(calls).toBe(5000)
  expect(jest.getTimerCount()).toBe(0)
})

test('what is cleared is not called, and the last one takes the timer with it', () => {
  const timers = createCoarseTimers()
  let calls = 0
  const call = () => calls++
  const other = () => undefined
  const timer = timers.set(call, 1000)
  expect(timers.set(other, 1000)).toBe(timer)
  timers.clear(timer, call)
  timers.clear(timer, call)
  expect(jest.getTimerCount()).toBe(1)
  timers.clear(timer, other)
  expect(jest.getTimerCount()).toBe(0)
  jest.advanceTimersByTime(2000)
  expect(calls).toBe(0)
})

test('all can be called at once, and then no more', () => {
  const timers = createCoarseTimers()
  const called: string[] = []
  timers.set(() => called.push('soon'), 100)
  timers.set(() => called.push('late'), 100_000)
  timers.fireAll()
  expect(called).toEqual(['soon', 'late'])
  expect(jest.getTimerCount()).toBe(0)
})
