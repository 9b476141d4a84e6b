// When the next poll is due, and whether it may be held. Pure: the loop around it is poller.ts.
import { ApiError, askedMsOf } from '../wire/api-error.ts'
import { backoffMs, replyPatienceMs } from '../wire/backoff.ts'
import type { Pacing } from '../wire/protocol.ts'
import { LONGEST_PATIENCE_MS } from '../wire/within.ts'

/** The pace until a reply names one: the contract's defaults. */
export const FIRST_PACING: Pacing = { intervalSeconds: 2, holdSeconds: 2 }

export interface PollState {
  readonly seen: string
  readonly pacing: Pacing
  /** Failures in a row. More than none is "reconnecting". */
  readonly failures: number
  readonly hold: HoldState
  /** Whether the last poll was answered. Else much may have happened since. */
  readonly isUpToDate: boolean
  /** How long the last reply took, beyond what it was held. */
  readonly lateMs: number
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

const CUTS_TO_GIVE_UP = 2

// The longest hold if the reply may bring the session. It is repeated for ten seconds: a lost one must be missed well
// within them.
const MOST_SECONDS = 3
// After a cut, so many tries come within those ten seconds, however long the interval.
const QUICK_TRIES = 2
const QUICK_SECONDS = 2

export const firstState = (seen: string, pacing: Pacing, failures = 0): PollState => ({
  seen,
  pacing,
  failures,
  hold: { kind: 'holding', cuts: 0 },
  isUpToDate: true,
  lateMs: 0,
})

/** How long the server may keep the next reply; 0 asks for an answer at once. */
export const waitSecondsOf = ({ hold, pacing, seen, isUpToDate }: PollState): number => {
  if (hold.kind !== 'holding') return 0
  return seen === 'pending' && isUpToDate ? pacing.holdSeconds : Math.min(pacing.holdSeconds, MOST_SECONDS)
}

/**
 * How long the next poll may take: at least as long as one that is held for MOST_SECONDS. It may take longer after
 * failures and late replies, so that neither a slow line nor a slow server is cut for ever.
 */
export const timeoutMsOf = ({ failures, lateMs }: PollState, waitSeconds: number): number => {
  // If a reply held so long is lost, the page misses it too late anyhow; and a busy server must not be asked twice.
  const lateMostMs = waitSeconds > MOST_SECONDS ? LONGEST_PATIENCE_MS : Math.min(LONGEST_PATIENCE_MS, lateMs + 2000)
  const patienceMs = Math.max(MOST_SECONDS * 1000 + replyPatienceMs(0), replyPatienceMs(failures))
  return Math.max(patienceMs, waitSeconds * 1000 + lateMostMs)
}

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
  // A change is answered before the hold is over.
  const lateMs = changed ? state.lateMs : round.endedAt - round.beganAt - round.waitSeconds * 1000
  return {
    state: { seen: reply.status, pacing, failures: 0, hold, isUpToDate: true, lateMs },
    due: { at, wakeable: true },
  }
}

export const afterStale = (state: PollState, round: Round): Step => ({
  state: { ...state, isUpToDate: false },
  due: { at: round.endedAt, wakeable: false },
})

export function afterFailure(state: PollState, error: unknown, round: Round, random: () => number): Step {
  const retryAfterMs = askedMsOf(error)
  if (error instanceof ApiError && error.status === 429) {
    // The server is there and the login lives: this is a matter of pace, not of connection.
    const at = round.endedAt + Math.max(retryAfterMs, state.pacing.intervalSeconds * 1000)
    return { state: { ...state, failures: 0, isUpToDate: false }, due: { at, wakeable: false } }
  }
  const failures = state.failures + 1
  const patienceMs = Math.max(backoffMs(failures, random), retryAfterMs)
  const isQuick = looksCut(error) && failures <= QUICK_TRIES
  const { intervalSeconds: paced } = state.pacing
  const turn = nextTurn({ intervalSeconds: isQuick ? Math.min(paced, QUICK_SECONDS) : paced }, round)
  const at = Math.max(round.endedAt + patienceMs, turn)
  const hold = holdAfterFailure(state.hold, error, round.waitSeconds > 0)
  return { state: { ...state, failures, hold, isUpToDate: false }, due: { at, wakeable: retryAfterMs === 0 } }
}

const nextTurn = (pacing: Pick<Pacing, 'intervalSeconds'>, round: Round): number =>
  Math.max(round.endedAt, round.beganAt + pacing.intervalSeconds * 1000)

function holdAfterReply(hold: HoldState, held: boolean): HoldState {
  if (hold.kind === 'given_up') return hold
  if (hold.kind === 'holding') return held ? { kind: 'holding', cuts: 0 } : hold
  return hold.cuts + 1 >= CUTS_TO_GIVE_UP ? { kind: 'given_up' } : { kind: 'holding', cuts: hold.cuts + 1 }
}

function holdAfterFailure(hold: HoldState, error: unknown, held: boolean): HoldState {
  if (hold.kind === 'given_up') return hold
  if (held && looksCut(error)) return { kind: 'suspecting', cuts: hold.cuts }
  return { kind: 'holding', cuts: hold.cuts }
}

// What a proxy that loses patience does: drops the connection, or answers 502, 504 or 408 in its own words.
const looksCut = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status === 408 || error.status === 502 || error.status === 504
