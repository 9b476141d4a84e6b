import { leave, match, poll, rotate, type Step } from './browser-steps.ts'
import { type Answer, type Call, isTold, type LoginHistory, type Rules } from './history.ts'
import { phoneStep } from './phone-steps.ts'
import { endPhone, revoke, signOut, use } from './session-steps.ts'

/** Refused before the service has looked at the login. */
const TURNED_AWAY = new Set([400, 403, 408, 413, 415, 429, 431])

/** The steps of a call, one after the other: a match is followed by a poll. None: the call does nothing. */
export function stepsOf(call: Call, at: number, { match: kind }: LoginHistory, rules: Rules): Step[] {
  const answer = isTold(call) ? call.answer : undefined
  if (isTurnedAway(call, answer)) return []
  const { ask } = call
  switch (ask.do) {
    case 'rotate':
      return [rotate(ask.secret, answer?.secret ?? `qr of call ${at}`, answer, rules)]
    case 'poll':
      return [poll(ask.secret, answer, rules)]
    case 'match': {
      const compared = match(ask.secret, ask.code, answer, rules)
      return answer?.code === 'wrong_match_code' ? [compared] : [compared, poll(ask.secret, answer, rules)]
    }
    case 'leave':
      return [leave(ask.secret, rules)]
    case 'scan':
    case 'confirm':
    case 'deny':
    case 'watch':
      return [phoneStep(ask, answer, { match: kind, unknownCode: `code of call ${at}`, rules })]
    case 'use':
      return [use(answer, rules)]
    case 'sign out':
      return [signOut(answer, rules)]
    case 'revoke':
      return [revoke(answer)]
    case 'end phone':
      return [endPhone(ask.phone, rules)]
    default:
      return ask satisfies never
  }
}

/** A phone that is not signed in learns nothing of the login; a browser's new session that is refused is over. */
function isTurnedAway({ ask }: Call, answer: Answer | undefined): boolean {
  if (answer === undefined) return false
  return TURNED_AWAY.has(answer.status) || (answer.status === 401 && ask.do !== 'use')
}
