import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { RecordStore } from './record-store.ts'
import { updateRecord } from './update-record.ts'
import { createWriteQueues } from './write-queues.ts'

/** What is used of a limiter, whichever it is. */
export type Limiter = Pick<RateLimiterAbstract, 'consume' | 'get' | 'penalty' | 'reward' | 'delete'>

interface RecordLimiterOptions {
  store: RecordStore
  clock: () => number
  /** Sets these counts apart from others'. */
  name: string
  points: number
  durationSeconds: number
}

interface Count {
  points: number
  /** Epoch milliseconds. */
  endsAt: number
}

const countRecord = Compile(Type.Tuple([Type.Number({ title: 'points' }), Type.Number({ title: 'endsAt' })]))

/**
 * Counts in a store of ours, so that all its processes count together, and a restart forgives nothing. `consume` counts
 * something that is about to begin, and so is refused when the store is nearly full; a penalty is counted while there
 * is any room.
 */
export function createRecordLimiter(options: RecordLimiterOptions): Limiter {
  const { store, clock, name, points: most, durationSeconds } = options
  const inTurn = createWriteQueues()
  const keyOf = (key: string | number) => `rate:${name}:${key}`

  function resultOf({ points, endsAt }: Count, isFirst = false): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, most - points), endsAt - clock(), points, isFirst)
  }

  function add(key: string | number, points: number, begins: boolean): Promise<RateLimiterRes> {
    return inTurn(keyOf(key), () =>
      updateRecord(store, keyOf(key), (value) => {
        const before = countIn(value)
        // Beyond the limit, asking again writes nothing: a flood of refusals must not be a flood of writes.
        if (begins && before !== undefined && before.points > most) return { result: resultOf(before) }
        const endsAt = before?.endsAt ?? clock() + durationSeconds * 1000
        const count = { points: (before?.points ?? 0) + points, endsAt }
        const next = { value: [count.points, endsAt], expiresAt: endsAt, begins }
        return { next, result: resultOf(count, before === undefined) }
      }),
    )
  }

  return {
    async consume(key, points = 1) {
      const result = await add(key, points, true)
      if (result.consumedPoints > most) throw result
      return result
    },
    penalty: (key, points = 1) => add(key, points, false),
    reward: (key, points = 1) => add(key, -points, false),
    async get(key) {
      const count = countIn((await store.read(keyOf(key)))?.value)
      return count === undefined ? null : resultOf(count)
    },
    delete: (key) => store.remove(keyOf(key)),
  }
}

function countIn(value: unknown): Count | undefined {
  if (!countRecord.Check(value)) return undefined
  const [points, endsAt] = value
  return { points, endsAt }
}
