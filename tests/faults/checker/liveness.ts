import { REPEAT_FOR_MS } from '../../../server/login/login.ts'
import { type Answer, type Call, isTold, type LoginHistory, type Rules } from './history.ts'

export type Ending =
  /** Nothing was promised, or it was kept. */
  | 'fine'
  /** Confirmed, asked for in time, and gone. */
  | 'lost'
  /** Confirmed, and refused until its time was over, also when nothing was wrong any more. */
  | 'starved'

type Told = Call & { answer: Answer }

/**
 * What has been confirmed is not lost: a phone that was told so, and nobody who thought better of it; a browser that
 * goes on asking, with the last of the QR's secrets that it was told, ends signed in.
 */
export function endingOf(history: LoginHistory, rules: Rules): Ending {
  const { calls } = history
  const confirmed = calls.find((call) => call.ask.do === 'confirm' && call.answer?.said === 'authenticated')
  if (confirmed?.answer === undefined || mayForget(rules)) return 'fine'
  if (calls.some(({ answer }) => answer?.session !== undefined) || calls.some(isSecondThought)) return 'fine'
  const { at } = confirmed.answer
  const secret = newestSecret(history)
  const polls = calls.filter(({ ask, calledAt }) => ask.do === 'poll' && ask.secret === secret && calledAt > at)
  if (polls.length === 0) return 'fine'
  const approvedAt = firstTry(calls, at)
  const end = Math.min(approvedAt + rules.collectMs, repeatsUntil(calls, confirmed.calledAt)) - rules.slackMs
  if (polls.some((poll) => isTold(poll) && poll.answer.at < end && isOver(poll))) return 'lost'
  // Who went away upon the one that failed, of its own accord, was not refused until its time was over.
  const wentOn = polls.slice(0, -1)
  return wentOn.some((poll) => poll.calledAt < end && isFailedInPeace(poll, rules)) ? 'starved' : 'fine'
}

/** From when on it may have been approved: a confirm before that one, which was not answered or in vain, may have come through. */
function firstTry(calls: readonly Call[], at: number): number {
  const before = calls.filter((call) => call.ask.do === 'confirm' && call.calledAt < at && !isTold(call))
  return Math.min(at, ...before.map(({ calledAt }) => calledAt))
}

/** While something is wrong anything may be refused: on a slow machine that lasts longer than a reply is repeated. */
function isFailedInPeace({ calledAt, answer }: Call, { troubles = [] }: Rules): boolean {
  if (answer === undefined || answer.status < 500) return false
  return !troubles.some(({ from, until }) => from <= answer.at && calledAt <= until)
}

function mayForget({ lostFrom, rolledBackFrom, keepsConfirmed = false }: Rules): boolean {
  return lostFrom !== undefined || (rolledBackFrom !== undefined && !keepsConfirmed)
}

/** A reply that nobody read is given again for so long. One that says that the service failed was read. */
function repeatsUntil(calls: readonly Call[], from: number): number {
  const unread = calls.filter(({ ask, answer }) => ask.do === 'poll' && answer === undefined)
  return Math.min(...unread.map(({ calledAt }) => Math.max(calledAt, from) + REPEAT_FOR_MS))
}

/** `undefined`: of some that were made at once nobody knows which came last. */
function newestSecret({ secret, calls }: LoginHistory): string | undefined {
  const rotations = calls.filter((call): call is Told => call.ask.do === 'rotate' && call.answer?.secret !== undefined)
  const last = rotations.toSorted((one, other) => one.answer.at - other.answer.at).at(-1)
  const wereAtOnce = rotations.some((one) => one !== last && last !== undefined && one.answer.at > last.calledAt)
  return wereAtOnce ? undefined : (last?.answer.secret ?? secret)
}

function isSecondThought({ ask }: Call): boolean {
  return ask.do === 'leave' || ask.do === 'deny' || ask.do === 'end phone'
}

function isOver({ answer }: Told): boolean {
  return answer.said === 'expired' || answer.said === 'denied'
}
