import { type ApiError, isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { endingIn } from '../wire/ending.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { Pacing } from '../wire/protocol.ts'
import type { WakeSource } from './page-wake.ts'
import {
  afterFailure,
  afterReply,
  afterStale,
  type Due,
  firstState,
  type PacedReply,
  type PollState,
  type Round,
  timeoutMsOf,
  waitSecondsOf,
} from './poll-pacing.ts'

/** Whether polls get through. */
export type Connection = 'steady' | 'reconnecting'

interface PollAsk {
  readonly seen: string
  readonly waitSeconds: number
  readonly timeoutMs: number
}

export interface PollerParts<R extends PacedReply> {
  /** Asks once. Rejects with ApiError when the server says no, with anything else when nobody answers within `timeoutMs`. */
  readonly ask: (ask: PollAsk & { signal: AbortSignal }) => Promise<R>
  readonly isFinal: (reply: R) => boolean
  readonly onReply: (reply: R) => void
  readonly onConnection: (connection: Connection) => void
  /** How the polls before these left the connection. Left out: steady. */
  readonly connection?: Connection
  readonly seen: string
  readonly pacing: Pacing
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  /** Wakes that bring the next poll forward however soon they follow another wake. Left out: none. */
  readonly urgent?: WakeSource
  readonly signal: AbortSignal
}

type Answer<R> =
  | { readonly kind: 'reply'; readonly reply: R }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'stale' }

// A request that a wake finds this much past its hold was most likely lost while the device slept.
const LOST_AFTER_MS = 3000

/**
 * Asks again and again until a final reply, a refusal or an abort; one request at a time, one every `interval`,
 * sooner only when the state changed or the page woke. Never rejects for what the network or the server does.
 * @returns the refusal, where that is the end
 */
export async function poll<R extends PacedReply>(parts: PollerParts<R>): Promise<ApiError | undefined> {
  let state = firstState(parts.seen, parts.pacing, parts.connection === 'reconnecting' ? 1 : 0)
  let wokenAt = Number.NEGATIVE_INFINITY
  while (!parts.signal.aborted) {
    const beganAt = parts.clock.now()
    const waitSeconds = waitSecondsOf(state)
    const answer = await askOnce(parts, { seen: state.seen, waitSeconds, timeoutMs: timeoutMsOf(state, waitSeconds) })
    if (parts.signal.aborted) break
    if (answer.kind === 'failed' && isRefusal(answer.error)) return answer.error
    const before = state
    const step = stepAfter(parts, state, answer, { beganAt, endedAt: parts.clock.now(), waitSeconds })
    state = step.state
    tellConnection(parts, before, state)
    if (answer.kind === 'reply') {
      parts.onReply(answer.reply)
      if (parts.isFinal(answer.reply)) break
    }
    // One early poll an interval: focus, pageshow and visibilitychange come together, and people switch windows fast.
    const wokenNext = await pauseUntil(parts, step.due, wokenAt + state.pacing.intervalSeconds * 1000)
    if (wokenNext) wokenAt = parts.clock.now()
  }
  return undefined
}

function stepAfter<R extends PacedReply>(parts: PollerParts<R>, state: PollState, answer: Answer<R>, round: Round) {
  switch (answer.kind) {
    case 'reply':
      return afterReply(state, answer.reply, round)
    case 'failed':
      return afterFailure(state, answer.error, round, parts.random)
    case 'stale':
      return afterStale(state, round)
    default:
      return answer satisfies never
  }
}

function tellConnection<R extends PacedReply>(parts: PollerParts<R>, before: PollState, after: PollState): void {
  if (before.failures === 0 && after.failures > 0) parts.onConnection('reconnecting')
  if (before.failures > 0 && after.failures === 0) parts.onConnection('steady')
}

async function askOnce<R extends PacedReply>(parts: PollerParts<R>, ask: PollAsk): Promise<Answer<R>> {
  const request = linkAbort(parts.signal)
  let stale = false
  const patience = endingIn(parts.clock, ask.waitSeconds * 1000 + LOST_AFTER_MS)
  const stopListening = parts.wake.onWake(() => {
    if (!patience.mayBeOver()) return
    stale = true
    request.abort()
  })
  try {
    return { kind: 'reply', reply: await parts.ask({ ...ask, signal: request.signal }) }
  } catch (error) {
    return stale ? { kind: 'stale' } : { kind: 'failed', error }
  } finally {
    stopListening()
    request.unlink()
  }
}

/** Waits until the poll is due. Answers whether a wake brought it forward, which it may not before `notBefore`. */
async function pauseUntil<R extends PacedReply>(parts: PollerParts<R>, due: Due, notBefore: number): Promise<boolean> {
  const pauseMs = due.at - parts.clock.now()
  if (pauseMs <= 0) return false
  const pause = linkAbort(parts.signal)
  const stopListening = parts.wake.onWake(() => {
    if (due.wakeable && parts.clock.now() >= notBefore) pause.abort()
  })
  const stopHurrying = parts.urgent?.onWake(() => due.wakeable && pause.abort())
  await parts.clock.sleep(pauseMs, pause.signal)
  stopListening()
  stopHurrying?.()
  pause.unlink()
  return pause.signal.aborted && !parts.signal.aborted
}
