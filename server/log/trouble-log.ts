import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import type { ScanInError } from '../errors.ts'

/** What is wrong, for who runs the service: one line that says what to set or do. */
export interface Trouble {
  /** The same for the same trouble, however often it comes. */
  kind: string
  text: string
}

export interface TroubleLogOptions {
  logger: FastifyBaseLogger
  clock: Clock
  /** Of errors that somebody has words for. Others are logged as they are. */
  explain?: ((error: ScanInError) => Trouble | undefined) | undefined
}

/** Where what goes wrong again and again is told. */
export interface TroubleLog {
  /** @param error what went wrong: its kind is named once, and from then on counted, a line a minute */
  tell(error: ScanInError, context?: object): void
}

const COUNT_EVERY_MS = 60_000
/** Bounds what is remembered: each error that nobody has words for may be a kind of its own. */
const MOST_KINDS = 100

/** A line when a trouble comes for the first time, and one a minute with how often it came since, as long as it does. */
export function createTroubleLog({ logger, clock, explain }: TroubleLogOptions): TroubleLog {
  const seen = new Map<string, { toldAt: number; again: number }>()
  return {
    tell(error, context = {}) {
      const trouble = explain?.(error)
      const kind = trouble?.kind ?? `${error.code} ${error.cause}`
      const text = trouble?.text ?? error.code
      const now = clock()
      const before = seen.get(kind)
      if (before !== undefined && now >= before.toldAt && now - before.toldAt < COUNT_EVERY_MS) {
        before.again += 1
        return
      }
      if (seen.size >= MOST_KINDS) seen.clear()
      seen.set(kind, { toldAt: now, again: 0 })
      const about = trouble === undefined ? { ...context, err: error.cause } : { ...context, trouble: kind }
      if (before === undefined || before.again === 0) logger.warn(about, text)
      else logger.warn({ trouble: kind, times: before.again + 1 }, `again, ${before.again + 1} times since: ${text}`)
    },
  }
}
