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
  /** What shows a code that was scanned, which comes late. Rejects where it cannot be had now. */
  readonly loadApproving: () => Promise<Pick<Approving, 'begin' | 'endUnheard'>>
  readonly onLoading: (words: string) => void
  /** It takes longer, for this, and is tried again. */
  readonly onRetrying: (error: unknown) => void
  readonly onSignIn: (why: string) => void
  /** Signed in as they are, the person is to show anew that it is them. */
  readonly onSignInAgain: () => void
  /** Told whom this phone is signed in as; `isNew`: since less than about a minute, in this tab or another. */
  readonly onUser: (user: CurrentSession['user'], isNew: boolean) => void
  /** Told why the person is there again, if they are. */
  readonly onChooser: (error?: unknown) => void
  readonly onConnection: (connection: Connection) => void
  /** Whoever was here is here again, and nothing else has changed. */
  readonly onReturn: () => void
}

export interface ScanFlow {
  /** Looks who is here, and then at the code that waits, if one does. */
  begin(): Promise<void>
  /** As `begin`, after a password or a passkey was taken: who is a stranger even now has a browser that keeps no cookie. */
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
  /** Whether it asks them to sign in once more, signed in as they are. */
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
      // Of before somebody else came: it says nothing of who is here.
      if (signal.aborted) return undefined
      // Approving is a phone's right alone: a browser that was let in by scanning cannot let others in.
      if (current?.session.kind === 'browser') return phoneWords.browserSession
      if (current === undefined) return undefined
      here = whoIsIn(current)
      isOnceMore = false
      pending.belongTo(here.person)
      parts.onUser(current.user, isNew(current))
      // On its way before there is a code to decide on.
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
      // Before what may have the page loaded anew: of a code that was typed this page alone knows.
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
    // The browser may be in, or was refused: to say that a code is no longer good would send the person for another.
    if ('token' in code && isProblem(error, 'expired_token') && decision !== undefined) {
      const approving = await retrying(parts.loadApproving, signal)
      if (approving === undefined || signal.aborted) return
      pending.forget()
      return approving.endUnheard(code.token, decision)
    }
    // At the right address the code is a good one.
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
    // The session before is gone, and this one has yet to scan what that one did, to go on with it.
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

/** By the server's clock alone, which notes now and then that a session is used. */
const isNew = ({ session }: CurrentSession): boolean => session.lastSeenAt === session.createdAt

const isSignedOut = (error: unknown): boolean => isProblem(error, 'authentication_required')
