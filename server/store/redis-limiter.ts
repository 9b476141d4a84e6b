import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { RedisClient } from './redis-clients.ts'
import type { PatienceFor } from './redis-patience.ts'

export interface RedisLimiterOptions {
  client: RedisClient
  patienceFor: PatienceFor
  keyPrefix: string
  points: number
  /** In seconds. */
  duration: number
}

/** Counts in Redis, asked for with the same patience as records. A refusal by the limit is an answer like any other. */
export function createRedisLimiter({ client, patienceFor, ...options }: RedisLimiterOptions): RateLimiterRedis {
  class PatientLimiter extends RateLimiterRedis {
    override consume(...args: Parameters<RateLimiterRedis['consume']>) {
      return patienceFor(this.getKey(args[0])).ask(() => super.consume(...args))
    }
    override penalty(...args: Parameters<RateLimiterRedis['penalty']>) {
      return patienceFor(this.getKey(args[0])).ask(() => super.penalty(...args))
    }
    override reward(...args: Parameters<RateLimiterRedis['reward']>) {
      return patienceFor(this.getKey(args[0])).ask(() => super.reward(...args))
    }
    override get(...args: Parameters<RateLimiterRedis['get']>) {
      return patienceFor(this.getKey(args[0])).ask(() => super.get(...args))
    }
    override delete(...args: Parameters<RateLimiterRedis['delete']>) {
      return patienceFor(this.getKey(args[0])).ask(() => super.delete(...args))
    }
  }
  return new PatientLimiter({ storeClient: client, ...options })
}
