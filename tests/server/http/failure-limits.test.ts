import { afterEach, expect, jest, test } from '@jest/globals'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { createFailureLimit } from '../../../server/http/failure-limits.ts'
import { createRateLimit, type MakeLimiter } from '../../../server/http/rate-limits.ts'

const HOUR_MS = 3_600_000
const makeLimiter: MakeLimiter = (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration })

afterEach(() => {
  jest.restoreAllMocks()
})

function setClockBackAnHour(): void {
  const now = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => now - HOUR_MS)
}

test('a clock that is set back an hour keeps nobody waiting for an hour: failures begin anew', async () => {
  const limit = createFailureLimit(makeLimiter, 'failures', 2)
  await limit.count('key')
  await limit.count('key')
  expect(await limit.excess('key')).toMatchObject({ failures: 1 })
  setClockBackAnHour()
  expect(await limit.excess('key')).toMatchObject({ failures: 0 })
})

test('a clock that is set back an hour keeps nobody waiting for an hour: one refusal of a minute at the most, then counts begin anew', async () => {
  const limit = createRateLimit(makeLimiter, 'counts', 1)
  await limit.count('key')
  setClockBackAnHour()
  await expect(limit.count('key')).rejects.toMatchObject({ code: 'slow_down', retryAfterSeconds: 60 })
  await expect(limit.count('key')).resolves.toBeUndefined()
})
