import type { Step } from './browser-steps.ts'
import type { Answer, AskingPhone, Rules, Span } from './history.ts'
import { find, happen, type Model } from './model.ts'

/** The session's first use ends the repeating of its hand-over. */
export function use(answer: Answer | undefined, rules: Rules): Step {
  return (model, when) => {
    if (answer !== undefined && answer.status !== 200) return isOpen(model) ? [] : [model]
    return mayBeOpen(model) ? acknowledged(model, when, rules) : []
  }
}

/** Signing out uses the session too. If the session is over it does nothing, and answers the same. */
export function signOut(answer: Answer | undefined, rules: Rules): Step {
  return (model, when) => {
    if (!mayBeOpen(model)) return [model]
    const used = acknowledged(model, when, rules)
    const ended = used.map((after): Model => ({ ...after, session: 'ended' }))
    return answer === undefined ? [...used, ...ended] : ended
  }
}

/** Ended by its person from elsewhere. */
export function revoke(answer: Answer | undefined): Step {
  return (model) => {
    const ended: Model[] = mayBeOpen(model) ? [{ ...model, session: 'ended' }] : []
    if (answer === undefined) return ended
    // An ended session is still found while its end may have been cut short.
    if (answer.status === 204) return model.session === 'ended' ? [model] : ended
    return isOpen(model) ? [] : [model]
  }
}

/** A login that the phone approved and no browser has collected is denied. A delivered one is told to be delivered. */
export function endPhone({ id }: AskingPhone, rules: Rules): Step {
  return (model, when) => {
    const ended = { ...model, endedPhones: [...model.endedPhones, id] }
    const { there, mayBeOver } = find(model, when, rules)
    const over = mayBeOver ? [ended] : []
    if (there === undefined || there.status === 'pending' || there.phone?.id !== id) return [ended]
    if (there.status === 'delivered')
      return [...over, model.session === 'none' ? { ...ended, session: 'ended' } : ended]
    const event = { type: 'deny', phone: there.phone, showMs: rules.collectMs } as const
    return [...over, happen(ended, there, event, when).after]
  }
}

function acknowledged(model: Model, when: Span, rules: Rules): Model[] {
  const { there, mayBeOver } = find(model, when, rules)
  if (there === undefined) return [model]
  const { after } = happen(model, there, { type: 'acknowledge' }, when)
  return mayBeOver && after !== model ? [model, after] : [after]
}

function isOpen({ session }: Model): boolean {
  return session === 'open'
}

function mayBeOpen({ session }: Model): boolean {
  return session === 'open' || session === 'lost'
}
