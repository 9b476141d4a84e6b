import { wordsFor } from '../page/error-words.ts'
import { browserWords } from '../page/words.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import type { OtherTabs } from '../sessions/other-tabs.ts'
import type { Api } from '../wire/api.ts'
import { type ApiError, ConnectionError, isProblem, isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import type { Assertion, RequestOptions } from '../wire/passkey-protocol.ts'
import type { ConfirmReply, PhoneReply, ScanReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import { type Decision, deniedEnd, type EndedView, failedEnd, goneEnd, type Known, tooLateEnd } from './approval-end.ts'
import { createApprovalWatch } from './approval-watch.ts'

export type ApprovalView =
  | { readonly kind: 'asking'; readonly request: ScanReply; readonly endsAt: number }
  | { readonly kind: 'match'; readonly matchCode: string; readonly endsAt: number }
  | { readonly kind: 'waiting'; readonly isDevice: boolean | undefined }
  | {
      readonly kind: 'done'
      readonly browser: string
      readonly login: string
      readonly rememberFor: number | undefined
    }
  | EndedView

/** A confirmation was sent, and no answer came: it may have reached the service. */
export class UnheardError extends ConnectionError {
  override name = 'UnheardError'
}

export interface ApprovalParts {
  readonly api: Pick<Api, 'confirm' | 'confirmOptions' | 'deny' | 'scanStatus'>
  /** Asks the person for a passkey, until the signal aborts. */
  readonly prove: (options: RequestOptions, signal: AbortSignal) => Promise<Assertion>
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly request: ScanReply
  /** The person's last decision in this tab that may have reached the service. */
  readonly decided: Decision | undefined
  readonly onView: (view: ApprovalView) => void
  readonly onConnection: (connection: Connection) => void
  /** Called by each poll with the end of the login, while the person can decide or type digits. */
  readonly onTime: (endsAt: number) => void
  /** The tabs of this browser that show the same code. A tab tells the others when the person refuses in it. */
  readonly otherTabs: Pick<OtherTabs, 'tell' | 'onNews'>
  /** Called when the person decides, before anything is sent. */
  readonly onDecision: (decision: Decision) => void
  /** This phone is signed in no longer. */
  readonly onSignedOut: () => void
  /**
   * Asks which session this phone has now. If it is another one of the same person, the page begins anew, and the
   * signal aborts. That session must scan what this one scanned: until then the service answers it as a stranger.
   */
  readonly lookAgain: () => Promise<void>
  readonly signal: AbortSignal
}

/** One scanned login on the phone, from the question to its end. */
export interface Approval {
  begin(): void
  /** Throws what stood in the way when trying again may help. */
  confirm(): Promise<void>
  /** Throws as `confirm` does. */
  deny(): Promise<void>
}

/** By the answer to this phone's own request. A poll says less: the digits may be shown in another tab only. */
const STANDINGS: Readonly<Record<ScanReply['status'], Known['standing']>> = {
  scanned: 'asked',
  match_required: 'matching',
  authenticated: 'may_be_in',
}

export function createApproval(parts: ApprovalParts): Approval {
  const { api, clock, request, onView, signal } = parts
  const { token } = request
  let standing = STANDINGS[request.status]
  let decision = parts.decided
  let isPasskeyAsked = request.confirm === 'passkey'
  /** A step was taken, and no answer came. */
  let isUnanswered = false
  const waiting: ApprovalView = { kind: 'waiting', isDevice: request.isDevice }

  const endOf = ({ expiresInSeconds }: { readonly expiresInSeconds: number }) => clock.now() + expiresInSeconds * 1000

  /** Ends a login that is gone, unheard, or that another session goes on with. `isTaken`: it is known that one does. */
  const endUnheard = async (isTaken = false) => {
    await parts.lookAgain()
    const goesOn = isTaken || (!signal.aborted && (await isTakenOver()))
    if (!signal.aborted) onView(goneEnd(token, { standing, decision }, goesOn))
  }

  /** Whether another phone of this person has the login. A poll answers that as it answers for a login that is gone. */
  const isTakenOver = () =>
    api.confirmOptions({ token }).then(
      () => false,
      (error) => isProblem(error, 'not_scanned'),
    )

  /** The browser has its session. */
  const endCollected = () => {
    const browser = browserWords(request.browser)
    if (decision === 'deny') return onView(tooLateEnd(browser))
    onView({ kind: 'done', browser, login: loginIdOf(token), rememberFor: request.rememberForSeconds })
  }

  /** The login may be confirmed: by this tab, whose answer was lost, or by another one. */
  const noteMayBeIn = () => {
    if (standing === 'asked') standing = 'may_be_in'
  }

  const noteReply = (reply: PhoneReply) => {
    if (reply.status === 'scanned' || reply.status === 'match_required') parts.onTime(endOf(reply))
    if (reply.status === 'match_required') noteMayBeIn()
    if (reply.status === 'authenticated') standing = 'may_be_in'
  }

  const onReply = (reply: PhoneReply) => {
    noteReply(reply)
    if (reply.status === 'denied') onView(deniedEnd({ standing, decision }))
    else if (reply.status === 'expired') void endUnheard()
    else if (reply.collected) endCollected()
    else if (reply.status === 'authenticated') onView(waiting)
  }

  const onRefused = async (error: ApiError) => {
    if (isProblem(error, 'authentication_required')) return parts.onSignedOut()
    if (isProblem(error, 'expired_token')) return endUnheard()
    if (isProblem(error, 'not_scanned')) return endUnheard(true)
    onView(failedEnd(wordsFor(error)))
  }

  const watch = createApprovalWatch({
    ...parts,
    ask: (ask) => api.scanStatus({ token, ...ask }),
    seen: request.status,
    onReply,
    onRefused,
  })

  /** Waits for a step. Throws if the page is about something else by then, so that nothing more is sent or shown. */
  const stillAsked = async <T>(step: Promise<T>): Promise<T> => {
    const answer = await step
    signal.throwIfAborted()
    return answer
  }

  const noteDecision = (next: Decision) => {
    decision = next
    parts.onDecision(next)
  }

  const sendConfirm = async (assertion: Assertion | undefined): Promise<ConfirmReply> => {
    noteDecision('confirm')
    try {
      return await api.confirm({ token, assertion, isAgain: isUnanswered })
    } catch (error) {
      if (!isRefusal(error)) noteMayBeIn()
      throw error instanceof ConnectionError ? new UnheardError(error.message, { cause: error }) : error
    }
  }

  /** @returns whether it came too late */
  const sendDeny = async (): Promise<boolean> => {
    noteDecision('deny')
    parts.otherTabs.tell()
    try {
      await stillAsked(api.deny({ token }))
      return false
    } catch (error) {
      if (isProblem(error, 'expired_token')) return true
      throw error
    }
  }

  const proof = async (): Promise<Assertion> =>
    stillAsked(parts.prove(await stillAsked(api.confirmOptions({ token })), signal))

  // While a decision is on its way, an older reply must not turn the page back.
  const decide = async (act: () => Promise<void>) => {
    watch.pause()
    try {
      await act()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ConnectionError) isUnanswered = true
      if (isRefusal(error) && !isProblem(error, 'passkey_required')) return onRefused(error)
      // A passkey may be needed even if a tap was enough at the scan: the person has one by now.
      if (isRefusal(error)) isPasskeyAsked = true
      watch.goOn()
      throw error
    }
  }

  parts.otherTabs.onNews(() => {
    // The person refused in another tab: a denial is then not due to wrong digits.
    if (standing === 'matching') standing = 'may_be_in'
  })

  return {
    begin() {
      if (request.status === 'authenticated') onView(waiting)
      else onView({ kind: 'asking', request, endsAt: endOf(request) })
      watch.goOn()
    },
    confirm: () =>
      decide(async () => {
        const assertion = isPasskeyAsked ? await proof() : undefined
        const reply = await stillAsked(sendConfirm(assertion))
        watch.heard(reply.status)
        standing = STANDINGS[reply.status]
        if (reply.status === 'authenticated') onView(waiting)
        else onView({ kind: 'match', matchCode: reply.matchCode, endsAt: endOf(reply) })
        watch.goOn()
      }),
    deny: () =>
      decide(async () => {
        // It came too late. For some seconds polls still tell who is in.
        if (await sendDeny()) watch.goOn()
        else onView(deniedEnd({ standing, decision }))
      }),
  }
}
