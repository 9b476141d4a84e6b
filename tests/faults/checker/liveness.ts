import { REPEAT_FOR_MS } from '../../../server/login/login.ts'
import { type Answer, type Call, isTold, type LoginHistory, type Rules } from './history.ts'

export type Ending =
  /** Nothing was promised, or the promise was kept. */
  | 'fine'
  /** Confirmed, asked for in time, and gone. */
  | 'lost'
  /** Confirmed, and refused until its time was over, even while nothing was wrong. */
  | 'starved'

type Told = Call & { answer: Answer }

/**
 * What was confirmed is not lost: if a phone was told that it has confirmed, and nobody took that back, a browser that
 * goes on asking with the newest QR secret that it was told must end signed in.
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
  // The last poll does not count: a browser that went by itself after it was not refused until its time was over.
  const wentOn = polls.slice(0, -1)
  return wentOn.some((poll) => poll.calledAt < end && isFailedInPeace(poll, rules)) ? 'starved' : 'fine'
}

/** From when on the login may be approved: an earlier confirm that failed, or got no answer, may have come through. */
function firstTry(calls: readonly Call[], at: number): number {
  const before = calls.filter((call) => call.ask.do === 'confirm' && call.calledAt < at && !isTold(call))
  return Math.min(at, ...before.map(({ calledAt }) => calledAt))
}

/** Whether a call failed in peace. During a fault anything may be refused; a slow machine makes that last. */
function isFailedInPeace({ calledAt, answer }: Call, { troubles = [] }: Rules): boolean {
  if (answer === undefined || answer.status < 500) return false
  return !troubles.some(({ from, until }) => from <= answer.at && calledAt <= until)
}

function mayForget({ lostFrom, rolledBackFrom, keepsConfirmed = false }: Rules): boolean {
  return lostFrom !== undefined || (rolledBackFrom !== undefined && !keepsConfirmed)
}

/** Until when a reply that nobody read is given again. A reply that says that the service failed was read. */
function repeatsUntil(calls: readonly Call[], from: number): number {
  const unread = calls.filter(({ ask, answer }) => ask.do === 'poll' && answer === undefined)
  return Math.min(...unread.map(({ calledAt }) => Math.max(calledAt, from) + REPEAT_FOR_MS))
}

/** The newest QR secret. `undefined`: some were made at once, and nobody knows which came last. */
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
