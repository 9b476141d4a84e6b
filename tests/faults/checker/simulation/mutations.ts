import { type Answer, type Call, isTold, type LoginHistory } from '../history.ts'

/** One reply made wrong, in a way that is wrong whatever else happened. `undefined`: there is none to do it to. */
export interface Mutation {
  name: string
  mutate(history: LoginHistory): LoginHistory | undefined
}

type Told = Call & { answer: Answer }

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a session without a confirm',
    mutate: (history) =>
      change(history, ({ ask, answer }) => {
        const isBefore = !history.calls.some((call) => call.ask.do === 'confirm' && call.calledAt < answer.at)
        const isPoll = ask.do === 'poll' && answer.said === 'scanned'
        return isBefore && isPoll ? { ...answer, said: 'authenticated', session: 'made up' } : undefined
      }),
  },
  {
    name: 'a session of somebody else',
    mutate: (history) =>
      change(history, ({ answer }) => (answer.session === undefined ? undefined : { ...answer, person: 'mallory' })),
  },
  {
    name: 'a second session',
    mutate: (history) =>
      change(history, ({ answer, calledAt }) => {
        const isSecond = told(history).some((first) => isSignIn(first) && first.answer.at < calledAt)
        return isSecond && answer.session !== undefined ? { ...answer, session: 'another' } : undefined
      }),
  },
  {
    name: 'a confirm after the denial',
    mutate: (history) =>
      change(history, ({ ask, answer, calledAt }) => {
        const isDenied = told(history).some(
          (deny) => deny.ask.do === 'deny' && deny.answer.status === 200 && deny.answer.at < calledAt,
        )
        return ask.do === 'confirm' && isDenied ? { at: answer.at, status: 200, said: 'authenticated' } : undefined
      }),
  },
  {
    name: 'a state that goes back',
    mutate: (history) =>
      change(history, ({ ask, answer, calledAt }) => {
        const isSecond = told(history).some((first) => first.answer.said === 'scanned' && first.answer.at < calledAt)
        const isPoll = ask.do === 'poll' && answer.said === 'scanned'
        return isPoll && isSecond ? { ...answer, said: 'pending' } : undefined
      }),
  },
  {
    name: 'a session that is used after its end',
    mutate: (history) =>
      change(history, ({ ask, answer, calledAt }) => {
        const isOver = told(history).some(
          (end) =>
            (end.ask.do === 'sign out' || end.ask.do === 'revoke') &&
            end.answer.status === 204 &&
            end.answer.at < calledAt,
        )
        return ask.do === 'use' && isOver ? { at: answer.at, status: 200 } : undefined
      }),
  },
  {
    name: 'a session that is gone',
    mutate: (history) => {
      const isUntouched = !history.calls.some(({ ask }) => ask.do === 'sign out' || ask.do === 'revoke')
      const isOfOnePhone = !history.calls.some(({ ask }) => ask.do === 'end phone')
      return change(history, ({ ask, answer }) => {
        const isUsed = ask.do === 'use' && answer.status === 200
        return isUsed && isUntouched && isOfOnePhone ? { at: answer.at, status: 401 } : undefined
      })
    },
  },
  {
    name: 'a confirmed login that is lost',
    mutate(history) {
      const signIn = told(history).find(isSignIn)
      const confirm = told(history).find(({ answer, ask }) => ask.do === 'confirm' && answer.said === 'authenticated')
      const hasOthers = history.calls.some(({ ask }) => OTHER_ENDS.has(ask.do))
      const isAfter = confirm !== undefined && signIn !== undefined && confirm.answer.at < signIn.calledAt
      if (!isAfter || hasOthers || signIn.ask.do !== 'poll') return undefined
      const before = history.calls.filter(({ calledAt, answer }) => calledAt < signIn.calledAt && answer !== undefined)
      const expired = { at: signIn.answer.at, status: 200, said: 'expired' }
      const isStillGood = expired.at < confirm.answer.at + 2000
      return isStillGood && !before.some(isSignIn)
        ? { ...history, calls: [...before, { ...signIn, answer: expired }] }
        : undefined
    },
  },
]

const OTHER_ENDS = new Set<Call['ask']['do']>(['leave', 'deny', 'end phone', 'rotate'])

function told({ calls }: LoginHistory): Told[] {
  return calls.filter(isTold)
}

function isSignIn({ answer }: Call): boolean {
  return answer?.session !== undefined
}

/** With another answer for the first call for which there is one. */
function change(history: LoginHistory, other: (call: Told) => Answer | undefined): LoginHistory | undefined {
  for (const call of told(history)) {
    const answer = other(call)
    if (answer === undefined) continue
    const calls = history.calls.map((each) => (each === call ? { ...call, answer } : each))
    return { ...history, calls }
  }
  return undefined
}
