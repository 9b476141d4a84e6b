import {
  isPhoneOf,
  type Login,
  type LoginEvent,
  type MatchKind,
  type Phone,
  type Refusal,
} from '../../../server/login/login.ts'
import type { Step } from './browser-steps.ts'
import type { Answer, AskingPhone, Rules } from './history.ts'
import { findBy, happen, type Model } from './model.ts'

interface PhoneCall {
  do: 'scan' | 'confirm' | 'deny' | 'watch'
  secret: string
  phone: AskingPhone
}

/** @param unknownCode the name of match digits that nobody read */
export function phoneStep(
  call: PhoneCall,
  answer: Answer | undefined,
  { match, unknownCode, rules }: { match: MatchKind; unknownCode: string; rules: Rules },
): Step {
  const { do: what, secret, phone } = call
  if (what === 'watch') return watch(secret, phone, answer, rules)
  const event = eventOf(what, phoneOf(phone), { match, matchCodeHash: answer?.matchCode ?? unknownCode, rules })
  return (model, when) => {
    const { there, mayBeOver } = findBy(secret, model, when, rules)
    const over = mayBeOver && isRefused(answer, 'expired_token') ? [model] : []
    if (there === undefined) return over
    const { after, refusal } = happen(model, there, event, when)
    return isAsTold(what, after, refusal, answer) ? [...over, after] : over
  }
}

function eventOf(
  what: 'scan' | 'confirm' | 'deny',
  phone: Phone,
  { match, matchCodeHash, rules }: { match: MatchKind; matchCodeHash: string; rules: Rules },
): LoginEvent {
  const { confirmMs, collectMs } = rules
  switch (what) {
    case 'scan':
      return { type: 'scan', phone, match, confirmMs }
    case 'confirm':
      return { type: 'confirm', phone, remember: false, matchCodeHash, salt: '', collectMs }
    case 'deny':
      return { type: 'deny', phone, showMs: collectMs }
    default:
      return what satisfies never
  }
}

function phoneOf({ id, person }: AskingPhone): Phone {
  return { id, user: { id: person, name: '' } }
}

/** Whether the answer is what the service says of this. */
function isAsTold(
  what: 'scan' | 'confirm' | 'deny',
  { login }: Model,
  refusal: Refusal | undefined,
  answer: Answer | undefined,
): boolean {
  if (answer === undefined) return true
  if (refusal === 'already_scanned' || refusal === 'not_scanned') return isRefused(answer, refusal)
  // A login that is over is refused as one that never was.
  const isOver = refusal !== undefined || (what === 'scan' && !isInHand(login))
  if (isOver) return isRefused(answer, 'expired_token')
  if (answer.status !== 200) return false
  return answer.said === (what === 'confirm' && login?.status !== 'match_required' ? 'authenticated' : login?.status)
}

function isInHand(login: Login | undefined): boolean {
  return login?.status === 'scanned' || login?.status === 'match_required' || login?.status === 'authenticated'
}

function watch(secret: string, { id }: AskingPhone, answer: Answer | undefined, rules: Rules): Step {
  return (model, when) => {
    const { there, mayBeOver } = findBy(secret, model, when, rules)
    const isTheirs = there !== undefined && isPhoneOf(there, id)
    if (isRefused(answer, 'expired_token')) return mayBeOver || !isTheirs ? [model] : []
    return isTheirs && sees(there, answer) ? [model] : []
  }
}

function sees({ status }: Login, answer: Answer | undefined): boolean {
  if (answer === undefined) return true
  const isCollected = status === 'delivered'
  return answer.said === (isCollected ? 'authenticated' : status) && answer.isCollected === isCollected
}

function isRefused(answer: Answer | undefined, code: string): boolean {
  return answer === undefined || answer.code === code
}
