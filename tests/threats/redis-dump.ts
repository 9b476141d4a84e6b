import { Redis } from 'ioredis'

export interface DumpedKey {
  key: string
  type: string
  /** Whatever the key holds, as one text. */
  value: string
  /** Milliseconds, 0 in its last one; -1: it stays for ever. */
  ttlMs: number
}

/** What `PTTL` says of a key that is not there. */
const GONE = -2

/** Everything that a thief of the store would have: each key with its value and what is left of its life. */
export function redisDump(url: string): Promise<DumpedKey[]> {
  return withRedis(url, async (redis) => {
    const dumped: DumpedKey[] = []
    for (const key of await scanAll(redis)) {
      const type = await redis.type(key)
      const value = await readValue(redis, key, type)
      const ttlMs = await redis.pttl(key)
      // It has ended while this was looking.
      if (ttlMs !== GONE) dumped.push({ key, type, value, ttlMs })
    }
    return dumped
  })
}

export function redisKeys(url: string): Promise<string[]> {
  return withRedis(url, scanAll)
}

async function withRedis<Result>(url: string, use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url)
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

async function scanAll(redis: Redis): Promise<string[]> {
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, batch] = await redis.scan(cursor, 'COUNT', 500)
    for (const key of batch) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys]
}

async function readValue(redis: Redis, key: string, type: string): Promise<string> {
  switch (type) {
    case 'string':
      return (await redis.get(key)) ?? ''
    case 'hash':
      return JSON.stringify(await redis.hgetall(key))
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1))
    case 'set':
      return JSON.stringify(await redis.smembers(key))
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1', 'WITHSCORES'))
    case 'none':
      return ''
    default:
      throw new Error(`a key of type ${type}`)
  }
}
