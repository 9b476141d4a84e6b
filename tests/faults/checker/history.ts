import type { MatchKind } from '../../../server/login/login.ts'

/**
 * What one browser and the phones around it asked of the service about one login, and what each was answered. Secrets
 * have names here (`qr-1`, `session-1`), so that a history can be printed.
 */
export interface LoginHistory {
  /** What to look for in the driver's plan. */
  name: string
  /** Whether the person has to type what the phone shows: by where browser and phone are. */
  match: MatchKind
  /** The answer to `POST /login`: from when on the login is there. */
  started: Span
  /** The first QR's secret. */
  secret: string
  calls: readonly Call[]
}

/** From when until when, in milliseconds of the driver's own clock. Without an end: `Infinity`. */
export interface Span {
  from: number
  until: number
}

export interface Call {
  ask: Ask
  calledAt: number
  /** Left out: no reply came, or nobody read it. What was asked may have happened since, or may yet, or never will. */
  answer?: Answer
}

export type Ask =
  | { do: 'rotate'; secret: string }
  | { do: 'poll'; secret: string }
  | { do: 'match'; secret: string; code: string }
  | { do: 'leave'; secret: string }
  | { do: 'scan' | 'confirm' | 'deny' | 'watch'; secret: string; phone: AskingPhone }
  /** The new session is asked who it is. */
  | { do: 'use' | 'sign out' | 'revoke'; session: string }
  /** The phone's own session ends. */
  | { do: 'end phone'; phone: AskingPhone }

export interface AskingPhone {
  id: string
  person: string
}

/** What of a reply is checked against the rules. */
export interface Answer {
  at: number
  status: number
  /** The problem's `code`. */
  code?: string | undefined
  /** The state that the reply names. */
  said?: string | undefined
  triesLeft?: number | undefined
  matchCode?: string | undefined
  isCollected?: boolean | undefined
  /** The session in its cookie. */
  session?: string | undefined
  /** Whom it names. */
  person?: string | undefined
  /** The QR secret of its token; of a login that was started anew there is none. */
  secret?: string | undefined
}

/** How long things last for the service that was asked, in milliseconds, and what may be excused. */
export interface Rules {
  lifeMs: number
  confirmMs: number
  collectMs: number
  overlapMs: number
  refreshMs: number
  /** How far apart clocks may be, and how long a reply may be on its way. */
  slackMs: number
  /** From then on, by the driver's clock, the store may have lost everything at once. */
  lostFrom?: number
  /** From then on the store may be as it was some time before: only who may be signed in at all can be checked. */
  rolledBackFrom?: number
  /** When something was wrong, by the driver's clock: any request may go unanswered then. */
  troubles?: readonly Span[]
  /** What was confirmed is on a replica when that is answered, and is there after a failover. */
  keepsConfirmed?: boolean
}

/** One thing that must not be. */
export interface Violation {
  rule: string
  login: string
  detail: string
}

/** Whether the answer says what happened. If the service failed, what was asked may have happened all the same. */
export function isTold(call: Call): call is Call & { answer: Answer } {
  return call.answer !== undefined && call.answer.status < 500
}

/** When what was asked can have happened. */
export function spanOf(call: Call): Span {
  return { from: call.calledAt, until: isTold(call) ? call.answer.at : Number.POSITIVE_INFINITY }
}
