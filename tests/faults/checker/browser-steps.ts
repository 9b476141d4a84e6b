import { type Login, type LoginEvent, REPEAT_FOR_MS } from '../../../server/login/login.ts'
import type { Answer, Rules, Span } from './history.ts'
import { findBy, findByAny, happen, type Model } from './model.ts'

/**
 * One step at one moment: the models that the login may have afterwards, one for each way that agrees with the answer.
 * None: it cannot have happened now. Without an answer, every way agrees.
 */
export type Step = (model: Model, when: Span) => readonly Model[]

/** A poll, which collects what is approved. Without an answer it may have collected all the same. */
export function poll(secret: string, answer: Answer | undefined, rules: Rules): Step {
  return (model, when) => {
    const { there, mayBeOver } = findBy(secret, model, when, rules)
    const over = mayBeOver && says(answer, 'expired') ? [model] : []
    return there === undefined ? over : [...over, ...found(model, there, answer, when)]
  }
}

function found(model: Model, login: Login, answer: Answer | undefined, when: Span): readonly Model[] {
  switch (login.status) {
    case 'pending':
    case 'scanned':
    case 'denied':
      return says(answer, login.status) ? [model] : []
    case 'match_required':
      return says(answer, login.status) && (answer?.triesLeft ?? login.triesLeft) === login.triesLeft ? [model] : []
    case 'authenticated':
    case 'delivered':
      return collected(model, login, answer, when)
    default:
      return login satisfies never
  }
}

/** If no answer came, the session may be there all the same: the next poll gives it. */
function collected(model: Model, login: Login, answer: Answer | undefined, when: Span): readonly Model[] {
  const { after, refusal } = happen(model, login, { type: 'collect', repeatMs: REPEAT_FOR_MS }, when)
  if (refusal !== undefined) return says(answer, 'expired') ? [model] : []
  const isPhoneOut = login.status !== 'pending' && model.endedPhones.includes(login.phone?.id ?? '')
  if (isPhoneOut) return says(answer, 'denied') ? [model] : []
  if (model.session === 'ended') return says(answer, 'expired') ? [model] : []
  if (answer !== undefined && answer.said !== 'authenticated') return []
  return [given(answer === undefined ? after : { ...after, session: 'open' }, when)]
}

/** The service notes some time later, if ever, that the session was given: only then its last seconds begin. */
function given(model: Model, { from }: Span): Model {
  const event = { type: 'give', repeatMs: REPEAT_FOR_MS } as const
  return model.login === undefined
    ? model
    : happen(model, model.login, event, { from, until: Number.POSITIVE_INFINITY }).after
}

/** The first half of `POST /login/match`: what was typed is compared. The second is a poll. */
export function match(secret: string, code: string, answer: Answer | undefined, rules: Rules): Step {
  const { collectMs } = rules
  const event: LoginEvent = { type: 'match', matchCodeHash: code, salt: '', collectMs, showMs: collectMs }
  return (model, when) => {
    const { there, mayBeOver } = findBy(secret, model, when, rules)
    const over = mayBeOver && !isWrong(answer) ? [model] : []
    if (there === undefined) return over
    const { after, refusal } = happen(model, there, event, when)
    const isAsTold = answer === undefined || isWrong(answer) === (refusal === 'wrong_match_code')
    return isAsTold && hasTriesLeft(after, answer) ? [...over, after] : over
  }
}

function isWrong(answer: Answer | undefined): boolean {
  return answer?.code === 'wrong_match_code'
}

function hasTriesLeft({ login }: Model, answer: Answer | undefined): boolean {
  if (!isWrong(answer) || answer?.triesLeft === undefined) return true
  return answer.triesLeft === (login?.status === 'match_required' ? login.triesLeft : 0)
}

/** @param fresh the name of the new secret, whether or not it came */
export function rotate(secret: string, fresh: string, answer: Answer | undefined, rules: Rules): Step {
  const isRotated = answer?.secret !== undefined
  return (model, when) => {
    const { there, mayBeOver } = findByAny(secret, model, when, rules)
    const over = mayBeOver && !isRotated ? [model] : []
    if (there === undefined) return over
    const { overlapMs, refreshMs } = rules
    const event = { type: 'rotate', shownHash: secret, secretHash: fresh, overlapMs, refreshMs } as const
    const { after, refusal } = happen(model, there, event, when)
    const isAsTold = answer === undefined || isRotated === (refusal === undefined)
    return isAsTold ? [...over, after] : over
  }
}

/**
 * Always answered with 204. A session that the login would still give ends with the login, unless it was used before.
 */
export function leave(secret: string, rules: Rules): Step {
  return (model, when) => {
    const { there, mayBeOver } = findByAny(secret, model, when, rules)
    const left: Model = { ...model, login: undefined }
    const ended: Model[] = model.session === 'open' ? [{ ...left, session: 'ended' }] : []
    const gone = there === undefined ? [] : [left, ...ended]
    return mayBeOver ? [model, ...gone] : gone
  }
}

function says(answer: Answer | undefined, status: string): boolean {
  return answer === undefined || answer.said === status
}
