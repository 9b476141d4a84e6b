import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createDistantClock } from '../../../server/store/distant-clock.ts'

const THERE = 1_800_000_000_000

/** A machine that is asked over a line: the answer is made after `outMs` and arrives `backMs` later. */
function createWorld() {
  const time = { steady: 1000, ahead: THERE, outMs: 0, backMs: 0 }
  const there = () => time.steady + time.ahead
  const clock = createDistantClock({
    steady: () => time.steady,
    ask: async () => {
      time.steady += time.outMs
      const answer = there()
      time.steady += time.backMs
      return answer
    },
  })
  return { time, there, clock, wrongBy: () => Math.abs(clock.now() - there()) }
}

test('no time is known before it was asked for, and after it was forgotten', async () => {
  const { clock } = createWorld()
  expect(clock.isKnown()).toBe(false)
  await clock.measure()
  expect(clock.isKnown()).toBe(true)
  clock.forget()
  expect(clock.isKnown()).toBe(false)
})

test('a failure changes nothing', async () => {
  let isAway = false
  const clock = createDistantClock({
    steady: () => 0,
    ask: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(THERE)),
  })
  await clock.measure()
  isAway = true
  await expect(clock.measure()).rejects.toThrow('away')
  expect(clock.now()).toBe(THERE)
})

test('the answer that came fastest tells the time, and slow ones do not spoil it', async () => {
  const { time, clock, wrongBy } = createWorld()
  Object.assign(time, { outMs: 200, backMs: 0 })
  await clock.measure()
  expect(wrongBy()).toBeGreaterThan(50)
  Object.assign(time, { outMs: 1, backMs: 1 })
  await clock.measure()
  Object.assign(time, { outMs: 300, backMs: 10 })
  await clock.measure()
  expect(wrongBy()).toBeLessThanOrEqual(1)
})

test.each([-300_000, -5000, 5000, 300_000])(
  'a clock that is set by %i ms is followed at the next answer',
  async (by) => {
    const { time, clock, wrongBy } = createWorld()
    Object.assign(time, { outMs: 1, backMs: 1 })
    await clock.measure()
    time.ahead += by
    Object.assign(time, { outMs: 20, backMs: 5 })
    await clock.measure()
    expect(wrongBy()).toBeLessThanOrEqual(25)
  },
)

test('it is never further off than the best answer allowed, whatever answers came', async () => {
  const answer = fc.record({
    outMs: fc.nat({ max: 2000 }),
    backMs: fc.nat({ max: 2000 }),
    pauseMs: fc.nat({ max: 10_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 20 }), async (answers) => {
      const { time, clock, wrongBy } = createWorld()
      let allowed = Number.POSITIVE_INFINITY
      for (const { outMs, backMs, pauseMs } of answers) {
        Object.assign(time, { outMs, backMs })
        await clock.measure()
        allowed = Math.min(allowed, (outMs + backMs) / 2)
        // For each second since the better one, and for rounding.
        time.steady += pauseMs
        allowed += (pauseMs + outMs + backMs) / 5000
        expect(wrongBy()).toBeLessThanOrEqual(allowed + 1)
      }
    }),
    { numRuns: 200 },
  )
})
