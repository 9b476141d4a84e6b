import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createTimeLeft } from '../../../web/src/phone/time-left.ts'
import { createFakeClock } from '../support/fake-clock.ts'

// Browsers have it, and not every Node.
const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
beforeAll(() => {
  Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en'] }, configurable: true })
})
afterAll(() => {
  if (own !== undefined) Object.defineProperty(globalThis, 'navigator', own)
  else Reflect.deleteProperty(globalThis, 'navigator')
})

function counting(endsAt: number) {
  const clock = createFakeClock()
  const seconds: number[] = []
  const said: string[] = []
  const timeLeft = createTimeLeft({ clock, say: (sentence) => said.push(sentence) })
  timeLeft.count(endsAt, (left) => seconds.push(left))
  return { clock, seconds, said, timeLeft }
}

test('an end that comes sooner is counted to from then on, and said once', async () => {
  const { clock, seconds, said, timeLeft } = counting(120_000)
  await clock.pass(2000)
  expect([seconds.at(-1), said]).toEqual([118, []])
  timeLeft.endAt(42_000)
  expect(seconds.at(-1)).toBe(40)
  await clock.pass(10_000)
  timeLeft.endAt(35_000)
  await clock.pass(60_000)
  expect(seconds.at(-1)).toBe(0)
  expect(said).toHaveLength(1)
})

test('an end is not put off by replies that were long on their way, or round a little differently', async () => {
  const { clock, seconds, timeLeft } = counting(60_000)
  for (const left of [58, 58, 59, 60, 57, 54]) {
    await clock.pass(1000)
    timeLeft.endAt(clock.now() + left * 1000)
  }
  expect(seconds).toEqual([60, 59, 58, 57, 56, 55, 54])
})

test('once nothing is counted, another end is counted by nobody', async () => {
  const { clock, seconds, timeLeft } = counting(120_000)
  timeLeft.stop()
  timeLeft.endAt(10_000)
  await clock.pass(20_000)
  expect(seconds).toEqual([120])
})
