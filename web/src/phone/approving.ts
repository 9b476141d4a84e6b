import type { WakeSource } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import { openOtherTabs } from '../sessions/other-tabs.ts'
import type { Api } from '../wire/api.ts'
import { ApiError } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import type { ScanReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import { type ApprovalParts, createApproval } from './approval.ts'
import { type Decision, unheardEnd } from './approval-end.ts'
import { createRequestCard, type RequestCardParts } from './request-card.ts'
import { createResultCard, type ResultCardParts, type ResultView } from './result-card.ts'
import { createTimeLeft } from './time-left.ts'

export interface ApprovingParts extends Pick<ResultCardParts, 'root' | 'onAgain' | 'onEndOthers'> {
  /** A live region, for whoever does not see the page. */
  readonly said: Element
  readonly api: Api
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly prove: ApprovalParts['prove']
  readonly passkeys: RequestCardParts['passkeys']
  readonly show: (section: 'request' | 'result', options?: { withDevices: boolean }) => void
  readonly onConnection: (connection: Connection) => void
  /** The person has approved this login, or may have. */
  readonly onApproved: (login: string) => void
}

/** A code that this phone has scanned. */
export interface Scanned {
  readonly request: ScanReply
  readonly decided: ApprovalParts['decided']
  /** Aborts once the page is about something else. */
  readonly signal: AbortSignal
  readonly onSignedOut: () => void
  readonly lookAgain: ApprovalParts['lookAgain']
  readonly onDecision: ApprovalParts['onDecision']
  /** It has come to its end. */
  readonly onOver: () => void
}

/** What the page shows of a code that was scanned, from the question to its end. */
export interface Approving {
  begin(scanned: Scanned): void
  /** Shows the end of a login that this tab decided on, and that ended unheard. */
  endUnheard(token: string, decision: Decision): void
  /** The page shows something else. */
  leave(): void
  offerToEndOthers(hasOthers: boolean): void
}

/** How long the tick and the name stand alone. More must not appear under the finger that has just confirmed. */
const TICK_MS = 1200

export function createApproving(parts: ApprovingParts): Approving {
  // Parts of their own, so that there is a pause between them when they are read aloud.
  const say = (...sentences: readonly string[]) =>
    parts.said.replaceChildren(...sentences.filter((words) => words !== '').map(paragraph))
  const timeLeft = createTimeLeft({ ...parts, say })
  const card = createRequestCard({ ...parts, timeLeft })
  const result = createResultCard({
    ...{ ...parts, timeLeft, say },
    keep: (login) => keep(parts.api, login),
    onAgain: () => onAgain(),
  })

  /** The scanned login whose browser was let in, and has not got its session yet. */
  let waiting: Scanned | undefined
  const onAgain = () => {
    waiting?.onOver()
    if (waiting !== undefined) parts.onApproved(loginIdOf(waiting.request.token))
    parts.onAgain()
  }
  const onResult = async (view: ResultView, { signal, onOver }: Scanned) => {
    if (view.kind === 'match' || view.kind === 'waiting') return
    onOver()
    if (view.login !== undefined) parts.onApproved(view.login)
    if (view.kind === 'done') await parts.clock.sleep(TICK_MS, signal)
    if (!signal.aborted) parts.show('result', { withDevices: true })
  }

  return {
    begin(scanned) {
      const otherTabs = openOtherTabs(`scanin.denied.${loginIdOf(scanned.request.token)}`)
      scanned.signal.addEventListener('abort', otherTabs.close)
      const approval = createApproval({
        ...parts,
        ...scanned,
        otherTabs,
        onTime: timeLeft.endAt,
        onConnection: (connection) => {
          parts.onConnection(connection)
          if (connection === 'reconnecting') return
          card.isBack()
          result.isBack()
        },
        onView: (view) => {
          if (view.kind === 'asking') {
            card.show(view.request, view.endsAt, approval)
            return parts.show('request')
          }
          card.hide()
          waiting = view.kind === 'waiting' ? scanned : undefined
          result.show(view, approval)
          parts.show('result')
          void onResult(view, scanned)
        },
      })
      approval.begin()
    },
    endUnheard(token, decision) {
      const view = unheardEnd(token, decision)
      if (view.login !== undefined) parts.onApproved(view.login)
      result.show(view, undefined)
      parts.show('result', { withDevices: true })
    },
    leave() {
      waiting = undefined
      card.hide()
      result.hide()
    },
    offerToEndOthers: result.offerToEndOthers,
  }
}

/** Keeps the session signed in that came of this login. */
async function keep(api: Pick<Api, 'sessions' | 'remember'>, login: string): Promise<void> {
  const session = (await api.sessions()).find((each) => each.login === login)
  // The session has ended by now: for the person that is as if there never was one.
  if (session === undefined)
    throw new ApiError({ code: 'not_found', status: 404, retryAfterSeconds: undefined, triesLeft: undefined })
  await api.remember({ id: session.id })
}

function paragraph(words: string): HTMLElement {
  const part = document.createElement('p')
  part.textContent = words
  return part
}
