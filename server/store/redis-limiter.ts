import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { BreakerFor } from './redis-breakers.ts'
import type { RedisClient } from './redis-clients.ts'

interface RedisLimiterOptions {
  client: RedisClient
  breakerFor: BreakerFor
  keyPrefix: string
  points: number
  /** In seconds. */
  duration: number
}

/** Counts in Redis, asked for through the same breakers as records. A refusal by the limit is an answer like any other. */
export function createRedisLimiter({ client, breakerFor, ...options }: RedisLimiterOptions): RateLimiterRedis {
  class BreakingLimiter extends RateLimiterRedis {
    override consume(...args: Parameters<RateLimiterRedis['consume']>) {
      return breakerFor(this.getKey(args[0])).ask(() => super.consume(...args))
    }
    override penalty(...args: Parameters<RateLimiterRedis['penalty']>) {
      return breakerFor(this.getKey(args[0])).ask(() => super.penalty(...args))
    }
    override reward(...args: Parameters<RateLimiterRedis['reward']>) {
      return breakerFor(this.getKey(args[0])).ask(() => super.reward(...args))
    }
    override get(...args: Parameters<RateLimiterRedis['get']>) {
      return breakerFor(this.getKey(args[0])).ask(() => super.get(...args))
    }
    override delete(...args: Parameters<RateLimiterRedis['delete']>) {
      return breakerFor(this.getKey(args[0])).ask(() => super.delete(...args))
    }
  }
  return new BreakingLimiter({ storeClient: client, ...options })
}
