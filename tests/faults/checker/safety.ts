import { type Answer, type Call, isTold, type LoginHistory, type Rules } from './history.ts'

/**
 * What must hold in every history, in whatever order things happened. The name is for whoever reads a failure. Whether
 * all answers fit together is checked by the search (search.ts).
 */
export interface SafetyRule {
  name: string
  /** Whether the rule holds even if the store may be as it was some time ago. */
  holdsRolledBack?: true
  /** What is wrong; mostly nothing. */
  breaches(history: LoginHistory, rules: Rules): string[]
}

export const SAFETY: readonly SafetyRule[] = [
  {
    name: 'nobody is signed in without a confirm',
    holdsRolledBack: true,
    breaches: ({ calls }) =>
      signIns(calls)
        .filter(({ answer }) => !confirmsBefore(calls, answer.at).length)
        .map(({ answer }) => `${answer.session} at ${answer.at}`),
  },
  {
    name: 'nobody is signed in as anybody but who confirmed',
    holdsRolledBack: true,
    breaches: ({ calls }) =>
      told(calls)
        .filter(({ answer }) => answer.session !== undefined || answer.person !== undefined)
        .filter(({ answer }) => !confirmsBefore(calls, answer.at).includes(answer.person ?? ''))
        .map(({ ask, answer }) => `${ask.do}: ${answer.person} at ${answer.at}`),
  },
  {
    name: 'one login is one session',
    breaches({ calls }) {
      const sessions = new Set(signIns(calls).map(({ answer }) => answer.session))
      return sessions.size > 1 ? [[...sessions].join(', ')] : []
    },
  },
  {
    name: 'a denied login signs nobody in',
    breaches({ calls }) {
      const deniedAt = told(calls).flatMap(({ ask, answer }) =>
        ask.do === 'deny' && answer.status === 200 ? [answer.at] : [],
      )
      return signIns(calls)
        .filter(({ calledAt }) => deniedAt.some((at) => at < calledAt))
        .map(({ answer }) => `${answer.session} at ${answer.at}`)
    },
  },
  {
    name: 'an ended session answers nobody',
    breaches({ calls }) {
      const ends = told(calls).filter(({ answer }) => answer.status === 204)
      return told(calls)
        .filter(({ answer }) => answer.status === 200)
        .filter(({ ask, calledAt }) => ends.some((end) => end.answer.at < calledAt && isEndOf(end.ask, ask)))
        .map(({ ask, answer }) => `${ask.do} at ${answer.at}`)
    },
  },
  {
    name: 'a phone that is signed in stays so',
    breaches: ({ calls }, { lostFrom = Number.POSITIVE_INFINITY }) =>
      told(calls)
        .filter(({ ask, answer }) => 'phone' in ask && ask.do !== 'end phone' && answer.status === 401)
        .filter(({ ask, answer }) => answer.at < lostFrom && !hasEnded(calls, ask, answer.at))
        .map(({ ask, answer }) => `${ask.do} at ${answer.at}`),
  },
  {
    name: 'no reply is of a kind that nobody expects',
    holdsRolledBack: true,
    breaches: ({ calls }) =>
      calls.flatMap(({ ask, answer }) =>
        answer !== undefined && UNHEARD_OF.has(answer.status) ? [`${ask.do}: ${answer.status} ${answer.code}`] : [],
      ),
  },
]

/** Statuses that may not come of any trouble of the store. */
const UNHEARD_OF = new Set([400, 403, 405, 413, 415, 431, 500, 501])

type ToldCall = Call & { answer: Answer }

function told(calls: readonly Call[]): ToldCall[] {
  return calls.filter(isTold)
}

function signIns(calls: readonly Call[]): ToldCall[] {
  return told(calls).filter(({ answer }) => answer.session !== undefined)
}

/** The people who may have confirmed by then. */
function confirmsBefore(calls: readonly Call[], at: number): string[] {
  return calls.flatMap(({ ask, calledAt }) => (ask.do === 'confirm' && calledAt < at ? [ask.phone.person] : []))
}

function isEndOf(end: Call['ask'], ask: Call['ask']): boolean {
  if (end.do === 'end phone') return 'phone' in ask && ask.phone.id === end.phone.id
  return (end.do === 'sign out' || end.do === 'revoke') && ask.do === 'use' && ask.session === end.session
}

function hasEnded(calls: readonly Call[], ask: Call['ask'], by: number): boolean {
  return calls.some((end) => end.ask.do === 'end phone' && end.calledAt < by && isEndOf(end.ask, ask))
}
