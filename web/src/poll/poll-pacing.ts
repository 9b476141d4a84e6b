// When the next poll is due, and whether it may be held. Pure: the loop around it is poller.ts.
import { ApiError, askedMsOf } from '../wire/api-error.ts'
import { backoffMs } from '../wire/backoff.ts'
import type { Pacing } from '../wire/protocol.ts'

export interface PollState {
  readonly seen: string
  readonly pacing: Pacing
  /** Failures in a row. More than none is "reconnecting". */
  readonly failures: number
  readonly hold: HoldState
}

/**
 * Whether replies may be held. A proxy with a short patience cuts a held reply and lets a quick one through; a dead
 * network cuts both. So a cut held poll is followed by an un-held one, and only when that one gets through does
 * the cut count against holding.
 */
export type HoldState =
  | { readonly kind: 'holding'; readonly cuts: number }
  | { readonly kind: 'suspecting'; readonly cuts: number }
  | { readonly kind: 'given_up' }

/** When the next poll begins. A wake may bring it forward only if `wakeable`: never against a Retry-After. */
export interface Due {
  readonly at: number
  readonly wakeable: boolean
}

export interface Step {
  readonly state: PollState
  readonly due: Due
}

export interface Round {
  readonly beganAt: number
  readonly endedAt: number
  readonly waitSeconds: number
}

const cutsToGiveUp = 2

export const firstState = (seen: string, pacing: Pacing, failures = 0): PollState => ({
  seen,
  pacing,
  failures,
  hold: { kind: 'holding', cuts: 0 },
})

/** How long the server may keep the next reply; 0 asks for an answer at once. */
export const waitSecondsOf = ({ hold, pacing }: PollState): number => (hold.kind === 'holding' ? pacing.holdSeconds : 0)

export interface PacedReply {
  readonly status: string
  readonly intervalSeconds?: number | undefined
  readonly holdSeconds?: number | undefined
}

export function afterReply(state: PollState, reply: PacedReply, round: Round): Step {
  const pacing = {
    intervalSeconds: reply.intervalSeconds ?? state.pacing.intervalSeconds,
    holdSeconds: reply.holdSeconds ?? state.pacing.holdSeconds,
  }
  const changed = reply.status !== state.seen
  const at = changed ? round.endedAt : nextTurn(pacing, round)
  const hold = holdAfterReply(state.hold, round.waitSeconds > 0)
  return { state: { seen: reply.status, pacing, failures: 0, hold }, due: { at, wakeable: true } }
}

export function afterFailure(state: PollState, error: unknown, round: Round, random: () => number): Step {
  const retryAfterMs = askedMsOf(error)
  if (error instanceof ApiError && error.status === 429) {
    // The server is there and the login lives: this is a matter of pace, not of connection.
    const at = round.endedAt + Math.max(retryAfterMs, state.pacing.intervalSeconds * 1000)
    return { state: { ...state, failures: 0 }, due: { at, wakeable: false } }
  }
  const failures = state.failures + 1
  const patienceMs = Math.max(backoffMs(failures, random), retryAfterMs)
  const at = Math.max(round.endedAt + patienceMs, nextTurn(state.pacing, round))
  const hold = holdAfterFailure(state.hold, error, round.waitSeconds > 0)
  return { state: { ...state, failures, hold }, due: { at, wakeable: retryAfterMs === 0 } }
}

const nextTurn = (pacing: Pacing, round: Round): number =>
  Math.max(round.endedAt, round.beganAt + pacing.intervalSeconds * 1000)

function holdAfterReply(hold: HoldState, held: boolean): HoldState {
  if (hold.kind === 'given_up') return hold
  if (hold.kind === 'holding') return held ? { kind: 'holding', cuts: 0 } : hold
  return hold.cuts + 1 >= cutsToGiveUp ? { kind: 'given_up' } : { kind: 'holding', cuts: hold.cuts + 1 }
}

function holdAfterFailure(hold: HoldState, error: unknown, held: boolean): HoldState {
  if (hold.kind === 'given_up') return hold
  if (held && looksCut(error)) return { kind: 'suspecting', cuts: hold.cuts }
  return { kind: 'holding', cuts: hold.cuts }
}

// What a proxy that loses patience does: drops the connection, or answers 502, 504 or 408 in its own words.
const looksCut = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status === 408 || error.status === 502 || error.status === 504
