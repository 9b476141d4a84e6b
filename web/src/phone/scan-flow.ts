import { phone as phoneWords } from '#messages/phone'
import { wordsFor } from '../page/error-words.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import { untilAnswered } from '../poll/retry.ts'
import type { Api } from '../wire/api.ts'
import { isProblem, isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import type { CurrentSession } from '../wire/session-protocol.ts'
import type { Approving } from './approving.ts'
import type { ChosenCode } from './code-chooser.ts'
import type { PendingToken } from './pending-token.ts'

export interface ScanFlowParts {
  readonly api: Api
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  /** The code that waits in this tab, and how to drop it once it has come to its end. */
  readonly pending: PendingToken
  /** Loads what shows a code that was scanned. Rejects if it cannot be loaded now. */
  readonly loadApproving: () => Promise<Pick<Approving, 'begin' | 'endUnheard'>>
  readonly onLoading: (words: string) => void
  /** Called with each failure that will be tried again. */
  readonly onRetrying: (error: unknown) => void
  readonly onSignIn: (why: string) => void
  /** The person, although signed in, has to show anew that it is them. */
  readonly onSignInAgain: () => void
  /** Told whom this phone is signed in as; `isNew`: since less than about a minute, in this tab or another. */
  readonly onUser: (user: CurrentSession['user'], isNew: boolean) => void
  /** Told why the person is there again, if they are. */
  readonly onChooser: (error?: unknown) => void
  readonly onConnection: (connection: Connection) => void
  /** The same person is back, with the same session. */
  readonly onReturn: () => void
}

export interface ScanFlow {
  /** Looks who is here, and then at the code that waits, if one does. */
  begin(): Promise<void>
  /**
   * As `begin`, after a password or a passkey was accepted: who is a stranger then has a browser that keeps no cookie.
   */
  signedIn(): Promise<void>
  open(code: ChosenCode): Promise<void>
  signedOut(): void
  /** Somebody may have signed in or out in another tab: goes on from there, if it is so. */
  lookAgain(): Promise<void>
  /** The person has to show anew that it is them. */
  signInAgain(): void
}

/** The order of things on the phone: sign in, choose a code, decide. Each start ends the one before. */
export function createScanFlow(parts: ScanFlowParts): ScanFlow {
  const { api, pending } = parts
  let attempt = new AbortController()
  /** Whom the page is about: NOBODY while it asks a stranger to sign in, and nothing until it knows. */
  let here: Here | undefined
  /** Whether the page asks somebody who is signed in to sign in once more. */
  let isOnceMore = false

  const restart = (): AbortSignal => {
    attempt.abort()
    attempt = new AbortController()
    parts.onConnection('steady')
    return attempt.signal
  }
  const retrying = <T>(act: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
    untilAnswered(act, { ...parts, signal, onFailure: parts.onRetrying })

  const signInAgain = () => {
    restart()
    isOnceMore = true
    parts.onSignInAgain()
  }
  const askToSignIn = (why: string) => {
    here = NOBODY
    isOnceMore = false
    parts.onSignIn(why)
  }
  const signedOut = () => {
    restart()
    askToSignIn(phoneWords.signedOut)
  }

  /** Why the person has to sign in first; undefined when there is no need. */
  const signInReason = async (signal: AbortSignal, strangerWords: string): Promise<string | undefined> => {
    try {
      const current = await retrying(() => api.session(), signal)
      // The flow has begun anew meanwhile: this answer says nothing of who is here now.
      if (signal.aborted) return undefined
      // Approving is a phone's right alone: a browser that was let in by scanning cannot let others in.
      if (current?.session.kind === 'browser') return phoneWords.browserSession
      if (current === undefined) return undefined
      here = whoIsIn(current)
      isOnceMore = false
      pending.belongTo(here.person)
      parts.onUser(current.user, isNew(current))
      // Loads it before there is a code to decide on.
      void parts.loadApproving().catch(() => undefined)
      return undefined
    } catch (error) {
      return isSignedOut(error) ? strangerWords : wordsFor(error)
    }
  }

  const begin = async ({ strangerWords = '' } = {}) => {
    const signal = restart()
    parts.onLoading(phoneWords.loading)
    const reason = await signInReason(signal, strangerWords)
    if (signal.aborted) return
    if (reason !== undefined) return askToSignIn(reason)
    const token = pending.token()
    if (token === undefined) parts.onChooser()
    else await open({ token })
  }

  const open = async (code: ChosenCode) => {
    const signal = restart()
    parts.onLoading(phoneWords.opening)
    try {
      const request = await scan(code, signal)
      if (request === undefined || signal.aborted) return
      // Kept before `loadApproving`, which may load the page anew: only this page knows a code that was typed.
      pending.scanned(request.token, here?.person ?? '')
      const approving = await retrying(parts.loadApproving, signal)
      if (approving === undefined || signal.aborted) return
      const { token } = request
      approving.begin({
        request,
        decided: pending.decision(token),
        signal,
        onSignedOut: signedOut,
        lookAgain,
        onDecision: (decision) => pending.decided(token, decision),
        onOver: pending.forget,
      })
    } catch (error) {
      if (!signal.aborted) await onScanRefused(code, error, signal)
    }
  }

  const scan = (code: ChosenCode, signal: AbortSignal) => {
    // A code that was typed is tried once: the server counts those, and the person can press again.
    if ('userCode' in code) return api.scan(code)
    pending.keep(code.token)
    return retrying(() => api.scan(code), signal)
  }

  const onScanRefused = async (code: ChosenCode, error: unknown, signal: AbortSignal) => {
    if (isSignedOut(error)) return askToSignIn(phoneWords.signedOut)
    const decision = 'token' in code ? pending.decision(code.token) : undefined
    // The browser may be in, or refused: "no longer good" would send the person for another code.
    if ('token' in code && isProblem(error, 'expired_token') && decision !== undefined) {
      const approving = await retrying(parts.loadApproving, signal)
      if (approving === undefined || signal.aborted) return
      pending.forget()
      return approving.endUnheard(code.token, decision)
    }
    // Only the address was wrong: at the right one the code is good.
    if (isRefusal(error) && error.publicUrl === undefined) pending.forget()
    parts.onChooser(error)
  }

  const lookAgain = async () => {
    const before = here
    const now = await api.session().then(whoIsIn, (error) => (isSignedOut(error) ? NOBODY : undefined))
    if (here !== before || before === undefined || now === undefined) return
    if (now.session === before.session) {
      if (now !== NOBODY) parts.onReturn()
    } else if (now === NOBODY) signedOut()
    // The session before is gone. The new one must scan the code once more to go on with the login.
    else if (isOnceMore || now.person !== before.person || pending.token() !== undefined) await begin()
    else here = now
  }

  return {
    lookAgain,
    begin: () => begin(),
    signedIn: () => begin({ strangerWords: phoneWords.cookiesNeeded }),
    open,
    signedOut,
    signInAgain,
  }
}

/** Who is signed in, and by which session: their ids. */
interface Here {
  readonly person: string
  readonly session: string
}

const NOBODY: Here = { person: '', session: '' }

/** Whose phone this is. */
const whoIsIn = ({ user, session }: CurrentSession): Here =>
  session.kind === 'phone' ? { person: user.id, session: session.id } : NOBODY

/** By two times of the server's clock, which notes only now and then that a session is used. */
const isNew = ({ session }: CurrentSession): boolean => session.lastSeenAt === session.createdAt

const isSignedOut = (error: unknown): boolean => isProblem(error, 'authentication_required')
