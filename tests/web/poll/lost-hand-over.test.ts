import { describe, expect, test } from '@jest/globals'
import { REPEAT_FOR_MS } from '../../../server/login/login.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { dropped, holding, late, type Server, startPolling, vanishing } from '../support/polling.ts'

/** What the way there and back, and a new connection, may take of the time in which a hand-over is repeated. */
const ON_THE_WAY_MS = 1000
const paces = [
  { intervalSeconds: 1, holdSeconds: 1 },
  { intervalSeconds: 2, holdSeconds: 2 },
  { intervalSeconds: 5, holdSeconds: 3 },
  { intervalSeconds: 2, holdSeconds: 12 },
  { intervalSeconds: 10, holdSeconds: 25 },
  { intervalSeconds: 10, holdSeconds: 0 },
  { intervalSeconds: 60, holdSeconds: 0 },
]

const NEVER = Number.POSITIVE_INFINITY
/** At the worst it is given to a poll as that begins, and forgotten so much later. Of the first three polls, the longer of the two. */
const mostGapMs = ([first = 0, second = NEVER, third = NEVER]: readonly number[]) =>
  Math.max(second - first, third - second)

describe('a hand-over whose reply vanishes is asked for again before it is forgotten', () => {
  const inTimeMs = REPEAT_FOR_MS - ON_THE_WAY_MS

  test.each(paces)('told to ask every $intervalSeconds s, held for $holdSeconds s', async (pace) => {
    for (const seen of ['scanned', 'match_required', 'authenticated']) {
      const polling = startPolling(vanishing, pace, { seen })
      await polling.clock.pass(2 * REPEAT_FOR_MS)
      // The second time too, which is the one that counts where the service was heard of before the first.
      expect(mostGapMs(polling.times())).toBeLessThanOrEqual(inTimeMs)
    }
  })

  test.each(paces)(
    'also where nobody could know that it was near: $intervalSeconds s, $holdSeconds s',
    async (pace) => {
      // Something was lost before, and the phone has scanned and confirmed since.
      const polling = startPolling(
        (clock) => (ask) => (ask.nth === 1 ? Promise.reject(dropped()) : vanishing(clock)(ask)),
        pace,
      )
      await polling.clock.pass(3 * REPEAT_FOR_MS)
      const [, second, third] = polling.times()
      expect((third ?? NEVER) - (second ?? 0)).toBeLessThanOrEqual(inTimeMs)
    },
  )

  test('also where the page slept', async () => {
    const polling = startPolling(vanishing, { intervalSeconds: 2, holdSeconds: 25 })
    polling.clock.sleepThrough(60_000)
    await polling.wake.wake()
    await polling.clock.pass(REPEAT_FOR_MS)
    const [, second, third] = polling.times()
    expect((third ?? NEVER) - (second ?? 0)).toBeLessThanOrEqual(inTimeMs)
  })

  test.each(paces)('and where the connection is reset: $intervalSeconds s, $holdSeconds s', async (pace) => {
    const polling = startPolling(() => () => Promise.reject(dropped()), pace, { seen: 'scanned' })
    await polling.clock.pass(REPEAT_FOR_MS)
    expect(polling.times().slice(0, 3).length).toBe(3)
  })
})

describe('what comes late', () => {
  test.each([1000, 2000, 3000])('by %i ms every time is never cut', async (lateMs) => {
    const polling = startPolling(late(lateMs))
    await polling.clock.pass(120_000)
    expect(polling.connections).toEqual([])
  })

  test.each([6000, 7000])('by %i ms is cut once, and then waited for', async (lateMs) => {
    const polling = startPolling(late(lateMs))
    await polling.clock.pass(180_000)
    expect(polling.connections).toEqual(['reconnecting', 'steady'])
    expect(polling.waits().slice(0, 4)).toEqual([2, 0, 2, 2])
  })

  test('from a busy service is not asked for twice', async () => {
    const polling = startPolling(late(8000), { intervalSeconds: 2, holdSeconds: 25 })
    await polling.clock.pass(180_000)
    expect(polling.connections).toEqual([])
    expect(new Set(polling.waits())).toEqual(new Set([25]))
  })

  test('nor where it holds none', async () => {
    const polling = startPolling(late(6500), { intervalSeconds: 10, holdSeconds: 0 })
    await polling.clock.pass(60_000)
    expect(polling.connections).toEqual([])
    expect(polling.times().slice(0, 3)).toEqual([0, 10_000, 20_000])
  })
})

test('where a session may come with it no reply is held for long, and where none can it is as long as told', async () => {
  const server = (clock: FakeClock): Server => {
    const next = new Map([
      [2, 'scanned'],
      [5, 'match_required'],
    ])
    return async (ask) => {
      const status = next.get(ask.nth)
      return status === undefined ? holding(ask.seen)(clock)(ask) : { status }
    }
  }
  const polling = startPolling(server, { intervalSeconds: 2, holdSeconds: 25 })
  await polling.clock.pass(36_000)
  const seen = ['pending', 'pending', 'scanned', 'scanned', 'scanned', 'match_required', 'match_required']
  expect(polling.asked.slice(0, 7).map((ask) => ask.seen)).toEqual(seen)
  expect(polling.waits().slice(0, 7)).toEqual([25, 25, 3, 3, 3, 3, 3])
})

test('whose line fails again and again asks twice soon, and from then on no more often than it is told', async () => {
  const polling = startPolling(() => () => Promise.reject(dropped()), { intervalSeconds: 10, holdSeconds: 0 })
  await polling.clock.pass(60_000)
  expect(polling.times()).toEqual([0, 2000, 4000, 14_000, 24_000, 40_000])
})
