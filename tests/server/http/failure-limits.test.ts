import { afterEach, expect, jest, test } from '@jest/globals'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ScanInError } from '../../../server/errors.ts'
import { createFailureLimit } from '../../../server/http/failure-limits.ts'
import { createRateLimit, type MakeLimiter } from '../../../server/http/rate-limits.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { createRecordLimiter } from '../../../server/store/record-limiter.ts'

const HOUR_MS = 3_600_000
const makeLimiter: MakeLimiter = (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration })
/** As on disk. */
function limiterOfRecords(): MakeLimiter {
  const clock = () => Date.now()
  const store = createMemoryStore({ clock })
  return (name, points, durationSeconds) => createRecordLimiter({ store, clock, name, points, durationSeconds })
}
const LIMITERS: [string, () => MakeLimiter][] = [
  ['in memory', () => makeLimiter],
  ['in records', limiterOfRecords],
]

const done = async () => 'done'

afterEach(() => {
  jest.restoreAllMocks()
})

function setClockBackAnHour(): void {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now - HOUR_MS)
}

test.each(LIMITERS)(
  '%s, a clock that is set back an hour keeps nobody waiting for an hour: failures begin anew',
  async (_where, create) => {
    const limit = createFailureLimit(create(), 'failures', 2)
    await limit.count('key')
    await limit.count('key')
    expect(await limit.excess('key')).toMatchObject({ failures: 1 })
    setClockBackAnHour()
    expect(await limit.excess('key')).toMatchObject({ failures: 0 })
  },
)

test.each(LIMITERS)(
  '%s, a clock that is set back an hour keeps nobody waiting for an hour: one refusal of a minute at the most, then counts begin anew',
  async (_where, create) => {
    const limit = createRateLimit(create(), 'counts', 1)
    await limit.spend('key', done)
    setClockBackAnHour()
    await expect(limit.spend('key', done)).rejects.toMatchObject({ code: 'slow_down', retryAfterSeconds: 60 })
    await expect(limit.spend('key', done)).resolves.toBe('done')
  },
)

test.each([
  ['store_unavailable', 'done'],
  ['internal_error', 'done'],
  ['expired_token', 'slow_down'],
] as const)('what failed with %s leaves the next one: %s', async (code, next) => {
  const limit = createRateLimit(makeLimiter, 'counts', 1)
  const failing = () => Promise.reject(new ScanInError(code))
  await expect(limit.spend('key', failing)).rejects.toMatchObject({ code })
  expect(await limit.spend('key', done).catch((refusal) => refusal.code)).toBe(next)
})
