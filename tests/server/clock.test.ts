import { expect, test } from '@jest/globals'
import { createProcessClock, isWithin } from '../../server/clock.ts'

const MINUTE = 60_000

function createWorld() {
  const time = { wall: 1_800_000_000_000, steady: 5000.25 }
  const clock = createProcessClock({ wall: () => time.wall, steady: () => time.steady })
  const pass = (ms: number) => {
    time.wall += ms
    time.steady += ms
  }
  return { time, clock, pass }
}

test("the time goes on evenly, in whole milliseconds, though the machine's clock is set", () => {
  const { time, clock, pass } = createWorld()
  const start = clock()
  expect(start).toBe(time.wall)
  for (const by of [4 * MINUTE, -4 * MINUTE, -MINUTE]) {
    time.wall += by
    pass(1000.5)
    expect(Number.isInteger(clock())).toBe(true)
  }
  expect(clock() - start).toBe(3002)
})

test('what sets a clock by more is a machine that has slept, or had no time at the start: it is believed', () => {
  const { time, clock } = createWorld()
  for (const by of [8 * 60 * MINUTE, -10 * MINUTE]) {
    time.wall += by
    expect(clock()).toBe(time.wall)
  }
})

test('what is of a moment is over as time passes, and as well where a clock that is set back puts it too far ahead', () => {
  const moment = 1_800_000_000_000
  for (const now of [moment, moment + MINUTE - 1, moment - MINUTE + 1]) expect(isWithin(MINUTE, moment, now)).toBe(true)
  for (const now of [moment + MINUTE, moment - MINUTE, moment - 60 * MINUTE])
    expect(isWithin(MINUTE, moment, now)).toBe(false)
})
