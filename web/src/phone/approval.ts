import { phone as phoneWords } from '#messages/phone'
import { refusal as refusalWords } from '#messages/refusal'
import { wordsFor } from '../page/error-words.ts'
import { browserWords, setApart, type TitledWords } from '../page/words.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import { type Connection, poll } from '../poll/poller.ts'
import type { OtherTabs } from '../sessions/other-tabs.ts'
import type { Api } from '../wire/api.ts'
import { type ApiError, ConnectionError, isProblem, isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { isSooner } from '../wire/ending.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { Assertion, RequestOptions } from '../wire/passkey-protocol.ts'
import type { ConfirmReply, PhoneReply, ScanReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'

/** `login`: one that the person may have let in, as they wanted. */
export interface EndedView {
  readonly kind: 'ended'
  readonly words: TitledWords
  readonly login?: string
}

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

export type Decision = 'confirm' | 'deny'

/** A confirmation was sent, and no answer came: it may have arrived. */
export class UnheardError extends ConnectionError {
  override name = 'UnheardError'
}

/**
 * What is shown of a login that is gone, where how it ended was not heard: the list says whether the browser got in. A
 * refusal may have come too late, also where another phone of this person let it in.
 */
export const unheardEnd = (token: string, decision: Decision): EndedView =>
  decision === 'deny'
    ? { kind: 'ended', words: { ...phoneWords.finished, stranger: 'may_be_in' } }
    : { kind: 'ended', words: phoneWords.finished, login: loginIdOf(token) }

export interface ApprovalParts {
  readonly api: Pick<Api, 'confirm' | 'confirmOptions' | 'deny' | 'scanStatus'>
  /** Asks the person for a passkey, until the signal aborts. */
  readonly prove: (options: RequestOptions, signal: AbortSignal) => Promise<Assertion>
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly request: ScanReply
  /** What this person has said of it in this tab before, as far as it may have been heard. */
  readonly decided: Decision | undefined
  readonly onView: (view: ApprovalView) => void
  readonly onConnection: (connection: Connection) => void
  /** Told when it ends, where that is sooner than was told before: the phone slept, and the page's clock with it. */
  readonly onSooner: (endsAt: number) => void
  /** Of the tabs of this browser with the same code. Each tells the others as the person refuses in it. */
  readonly otherTabs: Pick<OtherTabs, 'tell' | 'onNews'>
  /** Told as the person decides, before anybody else is. */
  readonly onDecision: (decision: Decision) => void
  /** This phone is signed in no longer. */
  readonly onSignedOut: () => void
  /**
   * Asks by which session it is signed in. By another one than it was, as the same person: then the page begins anew, and the
   * signal aborts. That session goes on with what this one scanned, and until it does is told what strangers are.
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

// The phone's first poll comes before any reply has named these: the contract's defaults.
const firstPacing = { intervalSeconds: 2, holdSeconds: 2 }

export function createApproval(parts: ApprovalParts): Approval {
  const { api, clock, request, onView, signal } = parts
  const { token } = request
  let watching = linkAbort(signal)
  let isPasskeyAsked = request.confirm === 'passkey'
  /** When it ends: the soonest that was told for what is asked now. */
  let endsAt = 0
  /** What the server said last. */
  let seen: string = request.status
  /** Digits are asked for, and not typed yet. */
  let isMatching = request.status === 'match_required'
  /** A step was taken, and no answer came. */
  let isUnanswered = false
  /** What the person has said last, as far as it may have been heard. */
  let decision = parts.decided ?? (request.status === 'scanned' ? undefined : 'confirm')
  /** It may have been confirmed, also where that was taken back. */
  let mayBeIn = request.status !== 'scanned'
  /** As it was told last: a watch that begins anew goes on from there. */
  let connection: Connection = 'steady'
  const waiting: ApprovalView = { kind: 'waiting', isDevice: request.isDevice }

  const onConnection = (next: Connection) => {
    if (next === connection) return
    connection = next
    parts.onConnection(next)
  }
  const heard = ({ expiresInSeconds }: { readonly expiresInSeconds: number }) => {
    endsAt = clock.now() + expiresInSeconds * 1000
  }
  heard(request)

  const end = (words: TitledWords) => onView({ kind: 'ended', words })

  /** It is gone, and how it ended was not heard; or it goes on by another session. `isTaken`: it is known to. */
  const endUnheard = async (isTaken = false) => {
    await parts.lookAgain()
    const goesOn = isTaken || (!signal.aborted && (await isTakenOver()))
    if (signal.aborted) return
    const words = goesOn ? phoneWords.finished : phoneWords.expired
    const view = decision !== 'deny' && !mayBeIn ? { words } : unheardEnd(token, decision ?? 'confirm')
    const title = goesOn ? refusalWords.takenOver : view.words.title
    onView({ ...view, kind: 'ended', words: { ...view.words, title } })
  }

  /** Whether another phone of this person has it. A poll says only that it is not this one's, as of one that is gone. */
  const isTakenOver = () =>
    api.confirmOptions({ token }).then(
      () => false,
      (error) => isProblem(error, 'not_scanned'),
    )

  /** The browser has its session. */
  const endCollected = () => {
    if (decision !== 'deny') return onView(done())
    const { title, more } = refusalWords.tooLate
    const name = browserWords(request.browser)
    end({ title, more: more({ browser: setApart(name) }), stranger: 'in' })
  }

  const done = (): ApprovalView => ({
    kind: 'done',
    browser: browserWords(request.browser),
    login: loginIdOf(token),
    rememberFor: request.rememberForSeconds,
  })

  const noteTime = ({ expiresInSeconds }: PhoneReply) => {
    const next = clock.now() + expiresInSeconds * 1000
    if (!isSooner(next, endsAt)) return
    endsAt = next
    parts.onSooner(next)
  }

  const noteReply = (reply: PhoneReply) => {
    seen = reply.status
    if (reply.status === 'scanned' || reply.status === 'match_required') noteTime(reply)
    if (reply.status === 'authenticated') isMatching = false
    if (reply.status === 'authenticated' || reply.status === 'match_required') mayBeIn = true
  }

  const deniedWords = () => {
    // Its own refusal, of which the answer was lost.
    if (decision === 'deny') return phoneWords.denied
    // While digits are asked for nobody else refuses but the fifth wrong number.
    return isMatching ? phoneWords.triesUsed : phoneWords.deniedElsewhere
  }

  const onReply = (reply: PhoneReply) => {
    noteReply(reply)
    if (reply.status === 'denied') end({ ...deniedWords(), stranger: 'kept_out' })
    else if (reply.status === 'expired') void endUnheard()
    else if (reply.collected) endCollected()
    else if (reply.status === 'authenticated') onView(waiting)
  }

  const onRefused = async (error: ApiError) => {
    if (isProblem(error, 'authentication_required')) return parts.onSignedOut()
    if (isProblem(error, 'expired_token')) return endUnheard()
    if (isProblem(error, 'not_scanned')) return endUnheard(true)
    end({ title: phoneWords.failed, more: wordsFor(error) })
  }

  const watch = async () => {
    watching.abort()
    watching.unlink()
    const mine = linkAbort(signal)
    watching = mine
    const result = await poll<PhoneReply>({
      ...parts,
      ask: (ask) => api.scanStatus({ token, ...ask }),
      isFinal: (reply) => reply.status === 'denied' || reply.status === 'expired' || reply.collected,
      onReply,
      onConnection,
      connection,
      seen,
      pacing: firstPacing,
      signal: mine.signal,
    })
    if (result.end === 'refused') await onRefused(result.error)
  }

  /** What comes of a step. Throws once the page is about something else: then nothing more is sent, or shown. */
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
      if (!isRefusal(error)) mayBeIn = true
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
    watching.abort()
    try {
      await act()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ConnectionError) isUnanswered = true
      if (isRefusal(error) && !isProblem(error, 'passkey_required')) return onRefused(error)
      // Also where a tap was enough when it was scanned: there is a passkey by now.
      if (isRefusal(error)) isPasskeyAsked = true
      void watch()
      throw error
    }
  }

  parts.otherTabs.onNews(() => {
    // Who has refused it is the person.
    isMatching = false
  })

  return {
    begin() {
      if (request.status === 'authenticated') onView(waiting)
      else onView({ kind: 'asking', request, endsAt })
      void watch()
    },
    confirm: () =>
      decide(async () => {
        const assertion = isPasskeyAsked ? await proof() : undefined
        const reply = await stillAsked(sendConfirm(assertion))
        onConnection('steady')
        seen = reply.status
        mayBeIn = true
        isMatching = reply.status === 'match_required'
        if (reply.status === 'authenticated') onView(waiting)
        else {
          heard(reply)
          onView({ kind: 'match', matchCode: reply.matchCode, endsAt })
        }
        void watch()
      }),
    deny: () =>
      decide(async () => {
        // For some seconds yet it is told who is in.
        if (await sendDeny()) void watch()
        else end({ ...phoneWords.denied, stranger: 'kept_out' })
      }),
  }
}
