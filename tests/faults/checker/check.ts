import type { Call, LoginHistory, Rules, Violation } from './history.ts'
import { endingOf } from './liveness.ts'
import { SAFETY } from './safety.ts'
import { explain } from './search.ts'

/** What is wrong with a login's history: nothing, if the service is right. */
export function check(history: LoginHistory, rules: Rules): Violation[] {
  const { name } = history
  const isRolledBack = rules.rolledBackFrom !== undefined
  const breaches = SAFETY.filter(({ holdsRolledBack = false }) => holdsRolledBack || !isRolledBack).flatMap((rule) =>
    rule.breaches(history, rules).map((detail) => ({ rule: rule.name, login: name, detail })),
  )
  const lost = endingOf(history, rules) === 'lost' ? [{ rule: NOT_LOST, login: name, detail: print(history) }] : []
  return [...breaches, ...lost, ...(isRolledBack ? [] : unexplained(history, rules))]
}

const NOT_LOST = 'what was confirmed ends signed in'
const ONE_AFTER_THE_OTHER = 'all answers fit one order'

function unexplained(history: LoginHistory, rules: Rules): Violation[] {
  const explanation = explain(history, rules)
  if (explanation.isExplained) return []
  const { stuckAt } = explanation
  const detail =
    stuckAt === 'too many orders'
      ? stuckAt
      : `next were ${stuckAt.map(printCall).join('; ')}\nin ${JSON.stringify('model' in explanation && explanation.model)}`
  return [{ rule: ONE_AFTER_THE_OTHER, login: history.name, detail: `${detail}\n${print(history)}` }]
}

/** A history as lines, in the order of the calls. */
export function print({ name, match, started, calls }: LoginHistory): string {
  const lines = calls.toSorted((one, other) => one.calledAt - other.calledAt).map(printCall)
  return [`${name}, match ${match}, started ${inMs(started.from)}–${inMs(started.until)}`, ...lines].join('\n')
}

function printCall({ ask, calledAt, answer }: Call): string {
  const { do: what, ...asked } = ask
  const { at, ...said } = answer ?? { at: Number.POSITIVE_INFINITY }
  const reply = answer === undefined ? 'no reply' : JSON.stringify(said)
  return `${inMs(calledAt)}–${inMs(at)} ${what} ${JSON.stringify(asked)}: ${reply}`
}

function inMs(moment: number): string {
  return moment === Number.POSITIVE_INFINITY ? '…' : moment.toFixed(1)
}
