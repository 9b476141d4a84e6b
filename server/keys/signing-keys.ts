import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hasCode } from '../errors.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import {
  changesAt,
  endOf,
  isDue,
  type RotationPolicy,
  type ScheduledKey,
  type SigningAlgorithm,
  type SigningJwk,
  settled,
  signerOf,
  withNext,
} from './key-schedule.ts'
import { createKeySet, type KeySet, makeKey, type SigningKeys } from './key-set.ts'

export interface SigningKeysOptions {
  store: RecordStore
  clock: Clock
  /** Made as soon as keys are asked for. Those of others that are in the store stay as they are. */
  algorithms: readonly SigningAlgorithm[]
  policy: RotationPolicy
}

const KEY = 'signing-keys'
/** Notices of the store may be lost. */
const READ_AGAIN_MS = 60_000
/** While the store is away. */
const TRY_AGAIN_MS = 1000
/** How often the record is written anew: its end goes by the rotation of then, and one set since may be longer. */
const WRITE_AGAIN_MS = 86_400_000

const jwk = Type.Object({
  kty: Type.String(),
  kid: Type.String(),
  alg: Type.Union([Type.Literal('EdDSA'), Type.Literal('RS256')]),
  use: Type.Literal('sig'),
  crv: Type.Optional(Type.String()),
  x: Type.Optional(Type.String()),
  n: Type.Optional(Type.String()),
  e: Type.Optional(Type.String()),
  d: Type.Optional(Type.String()),
  p: Type.Optional(Type.String()),
  q: Type.Optional(Type.String()),
  dp: Type.Optional(Type.String()),
  dq: Type.Optional(Type.String()),
  qi: Type.Optional(Type.String()),
})

const signingKeysRecord = Type.Array(
  Type.Object({
    jwk,
    signsFrom: Type.Number(),
  }),
)
const validator = Compile(signingKeysRecord)

function decode(value: unknown): Static<typeof signingKeysRecord> {
  return validator.Check(value) ? value : []
}

const isAway = (error: unknown): boolean => hasCode(error, 'store_unavailable')

/**
 * Signing keys in one record of the store, the same for all instances. They rotate without a timer: whoever asks for
 * keys when the next one is due makes it, long before it signs. Where several make one at once, the first to write it
 * has made it, and the others take that.
 */
export function createSigningKeys({ store, clock, algorithms, policy }: SigningKeysOptions): SigningKeys {
  let known: KeySet | undefined
  /** What `known` was made of. */
  let content = ''
  /** Until when it is good without a look at the store, in epoch milliseconds. */
  let goodUntil = 0
  let wasTold = false
  let reading: Promise<KeySet> | undefined
  let writeAgainAt = Number.NEGATIVE_INFINITY

  async function read(): Promise<readonly ScheduledKey[]> {
    const record = await store.read(KEY)
    const there = decode(record?.value)
    const now = clock()
    const due = algorithms.filter((alg) => isDue(there, alg, now, policy))
    if (due.length === 0 && settled(there, now, policy) === there && now < writeAgainAt) return there
    writeAgainAt = now + WRITE_AGAIN_MS
    const fresh = await Promise.all(due.map(makeKey))
    try {
      return await updateRecord(store, KEY, (value) => advance(decode(value), fresh, now), record ?? null)
    } catch (error) {
      // Where the store takes no writes, its keys still sign: the next ones have time.
      if (isAway(error) && algorithms.every((alg) => signerOf(there, alg, now))) return there
      throw error
    }
  }

  function advance(
    kept: readonly ScheduledKey[],
    fresh: readonly SigningJwk[],
    now: number,
  ): Change<readonly ScheduledKey[]> {
    const wanted = fresh.filter(({ alg }) => isDue(kept, alg, now, policy))
    const next = wanted.reduce((keys, key) => withNext(keys, key, now, policy), settled(kept, now, policy))
    // The record was removed just now: the store's notice of that has it read again.
    if (next.length === 0) return { result: next }
    // Durable: what is signed by a key that a failover forgets, nobody can verify.
    return { next: { value: next, expiresAt: endOf(next, policy), durable: true }, result: next }
  }

  async function take(): Promise<KeySet> {
    wasTold = false
    const readAt = clock()
    const keys = await read()
    const now = clock()
    const all = settled(keys, now, policy).map((key) => key.jwk)
    const signing = algorithms.flatMap((alg) => signerOf(keys, alg, now)?.jwk ?? [])
    const seen = JSON.stringify([all, signing])
    if (known === undefined || seen !== content) known = await createKeySet(all, signing)
    content = seen
    goodUntil = Math.min(readAt + READ_AGAIN_MS, changesAt(keys, algorithms, now, policy))
    return known
  }

  async function takeOrKeep(): Promise<KeySet> {
    try {
      return await take()
    } catch (error) {
      if (known === undefined || !isAway(error)) throw error
      goodUntil = clock() + TRY_AGAIN_MS
      return known
    }
  }

  /** Whether `known` is good yet. Not if `goodUntil` is further ahead than it is ever set: the clock was set back. */
  function isGood(): boolean {
    const leftMs = goodUntil - clock()
    return leftMs > 0 && leftMs <= READ_AGAIN_MS
  }

  const stopWatching = store.watch(KEY, () => {
    wasTold = true
  })

  return {
    current() {
      if (known !== undefined && !wasTold && reading === undefined && isGood()) return Promise.resolve(known)
      reading ??= takeOrKeep().finally(() => {
        reading = undefined
      })
      return reading
    },
    close: stopWatching,
  }
}
