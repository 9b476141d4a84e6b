import type { WakeSource } from '../poll/page-wake.ts'
import { FIRST_PACING } from '../poll/poll-pacing.ts'
import { type Connection, poll } from '../poll/poller.ts'
import { untilAnswered } from '../poll/retry.ts'
import { ApiError, askedMsOf, ConnectionError, isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { type LinkedAbort, linkAbort } from '../wire/linked-abort.ts'
import type { LoginApi } from '../wire/login-api.ts'
import type { BrowserReply, LoginReply, Pacing, UserCodeReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import { createAsking } from './asking.ts'
import type { Kept, KeptLogin } from './kept-login.ts'
import { createLastWord, GRACE_MS } from './last-word.ts'
import { isSameView, type LoginView } from './login-view.ts'
import { resume } from './resume.ts'
import { rotate } from './rotation.ts'
import { createUrgentWake } from './urgent-wake.ts'

export interface LoginFlowParts {
  readonly api: LoginApi
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly isHidden: () => boolean
  readonly returnTo: string | undefined
  /** The person must sign in again even if they are signed in: that this browser has a session then proves nothing. */
  readonly isAnew: boolean
  readonly kept: KeptLogin
  readonly onView: (view: LoginView) => void
  readonly onConnection: (connection: Connection) => void
  readonly signal: AbortSignal
}

/** One login of this tab, from the first request to its end. `run` resolves when nothing more will happen to it. */
export interface LoginFlow {
  run(): Promise<void>
  /** Throws ApiError `wrong_match_code` with `triesLeft`, or what else stood in the way. */
  match(matchCode: string): Promise<void>
  /** Throws when no login is under way, or the server says no. */
  userCode(): Promise<UserCodeReply>
  /** Tells the server that this login is not wanted any more. */
  drop(): Promise<void>
  /** Repeats at once what `start_failed` waits to repeat: a phone may have confirmed the kept login meanwhile. */
  tryNow(): void
}

// How long to poll on after the presumed end: the default times to confirm a scan, and then to collect the session.
const HELD_ON_MS = (120 + 60) * 1000

export function createLoginFlow(parts: LoginFlowParts): LoginFlow {
  const { api, clock } = parts
  /** Aborts when nothing more will happen to the login: it has ended, or was left for another. */
  const whole = linkAbort(parts.signal)
  /** Aborts when the QR must not be renewed any more: a phone has scanned it, or the login is over. */
  const turning = linkAbort(whole.signal)
  const urgent = createUrgentWake()
  const lastWord = createLastWord(clock)
  let current: Kept | undefined
  let shown: LoginView | undefined
  /** Set while only this page's clock says that the login is over. It aborts when a reply says otherwise. */
  let presumed: LinkedAbort | undefined
  /** The person has begun another login. */
  let isDropped = false

  const hold = (token: string, isLastTrySent: boolean) => {
    if (whole.signal.aborted) return
    current = { token, isLastTrySent }
    parts.kept.keep(token, isLastTrySent)
  }
  const tokenNow = (): string => {
    if (current === undefined) throw new ConnectionError()
    return current.token
  }
  const asking = createAsking({ ...parts, tokenNow })

  const show = (view: LoginView) => {
    if (whole.signal.aborted || isSameView(shown, view)) return
    shown = view
    parts.onView(view)
  }
  const letGo = () => {
    whole.abort()
    whole.unlink()
    turning.unlink()
  }
  /** @param isRepeated whether the page before has told this, or may have */
  const finish = (view: LoginView, isRepeated = false) => {
    // The page has left this login for another one, to which the page and the kept token belong now.
    if (whole.signal.aborted) return
    show(view)
    // Nothing is asked any more, so nothing is reconnecting.
    if (presumed === undefined) parts.onConnection('steady')
    // A refusal stays kept, so that the page after this one tells it once more: a new code alone would hide it.
    if ((view.kind !== 'denied' && view.kind !== 'tries_used') || isRepeated) parts.kept.forget()
    letGo()
  }
  const spanOf = (seconds: number) => ({ endsAt: clock.now() + seconds * 1000, wholeSeconds: seconds })

  const adopt = (login: LoginReply) => {
    const isOther = loginIdOf(login.token) !== loginIdOf(current?.token ?? '')
    const isFurther = turning.signal.aborted
    // Started as the person began anew, or as the one before was scanned: only this page knows this login.
    const isUnwanted = isDropped || (isFurther && isOther)
    if (isUnwanted) void api.dropLogin(login).catch(() => undefined)
    if (isUnwanted || whole.signal.aborted) return
    hold(login.token, false)
    if (isFurther) return
    lastWord.onLogin(login, isOther)
    show({ kind: 'pending', login, span: spanOf(login.refreshInSeconds), endsAt: lastWord.endsAt() })
  }

  const onReply = (reply: BrowserReply, isRepeated = false) => {
    if (whole.signal.aborted) return
    const areTriesUsed = reply.status === 'denied' && current?.isLastTrySent
    const view: LoginView | undefined = areTriesUsed ? { kind: 'tries_used' } : lastWord.onReply(reply)
    if (view === undefined) return
    presumed?.abort()
    turning.abort()
    if (isFinal(reply)) finish(view, isRepeated)
    else show(view)
  }

  /** Goes on with the login of the page before, or starts one. Returns the status and pace that polling begins with. */
  const begin = async (): Promise<(Pacing & { readonly status: string }) | undefined> => {
    const onFailure = (error: unknown) => {
      const askedMs = askedMsOf(error)
      show({ kind: 'start_failed', error, isOver: false, ...(askedMs > 0 && { span: spanOf(askedMs / 1000) }) })
    }
    const retry = { ...parts, urgent, signal: whole.signal, onFailure }
    const kept = parts.kept.take()
    if (kept !== undefined) hold(kept.token, kept.isLastTrySent)
    const resumed = kept === undefined ? undefined : await resume(kept.token, retry)
    if (resumed?.kind === 'further') {
      onReply(resumed.reply, true)
      // The reply about a login that is over names no pace.
      return { ...FIRST_PACING, ...resumed.reply }
    }
    // The status route may call a login expired whose newest code is good: the answers to its renewals may be lost.
    const start = () => api.startLogin({ token: kept?.token, returnTo: parts.returnTo, isAgain: true })
    const login = resumed?.kind === 'pending' ? resumed.login : await untilAnswered(start, retry)
    if (login === undefined) return undefined
    adopt(login)
    void rotate({
      ...parts,
      login,
      onRenewal: asking.onRenewal,
      onLogin: adopt,
      onReply,
      signal: turning.signal,
    })
    return login
  }

  const watchTheEnd = async () => {
    const leftMs = () => lastWord.endsAt() + GRACE_MS - clock.now()
    while (!whole.signal.aborted) {
      await clock.sleep(leftMs(), whole.signal)
      // An answer that is on its way may set another end.
      await asking.answered()
      if (!whole.signal.aborted && leftMs() <= 0) await presumeOver()
    }
  }

  /** Says that the login is over, but polls on: the server still hands over what a phone has approved meanwhile. */
  const presumeOver = async () => {
    const mine = linkAbort(whole.signal)
    presumed = mine
    turning.abort()
    // The QR is not renewed any more, so `ask` must wait for no renewal.
    asking.onRenewal(undefined)
    show({ kind: 'expired' })
    parts.onConnection('steady')
    await clock.sleep(HELD_ON_MS, mine.signal)
    mine.unlink()
    if (!mine.signal.aborted) finish({ kind: 'expired' })
    presumed = undefined
  }

  const run = async () => {
    show({ kind: 'starting' })
    const login = await begin()
    if (login === undefined || whole.signal.aborted) return
    void watchTheEnd()
    const refused = await poll<BrowserReply>({
      ...parts,
      ask: asking.ask,
      urgent,
      isFinal,
      onReply,
      onConnection: (next) => {
        lastWord.onConnection(next)
        if (presumed === undefined) parts.onConnection(next)
      },
      seen: login.status,
      pacing: login,
      signal: whole.signal,
    })
    if (refused !== undefined) finish({ kind: 'expired' })
  }

  return {
    run: async () => {
      try {
        await run()
      } catch (error) {
        finish({ kind: 'start_failed', error, isOver: true })
      }
    },
    match: async (matchCode) => {
      // Noted before the digits are sent: the page may be gone when the answer comes.
      hold(tokenNow(), shown?.kind === 'match_required' && shown.triesLeft === 1)
      try {
        onReply(await asking.match(matchCode))
      } catch (error) {
        // The lost answer may have held the session, which the server repeats for some seconds only: poll at once.
        if (!isRefusal(error)) urgent.now()
        if (!(error instanceof ApiError)) throw error
        hold(tokenNow(), error.triesLeft === 0)
        if (error.triesLeft !== 0) throw error
        finish({ kind: 'tries_used' })
      }
    },
    userCode: asking.userCode,
    drop: async () => {
      isDropped = true
      letGo()
      parts.kept.forget()
      if (current !== undefined) await api.dropLogin(current)
    },
    tryNow() {
      show({ kind: 'starting' })
      urgent.now()
    },
  }
}

const isFinal = (reply: BrowserReply): boolean =>
  reply.status === 'authenticated' || reply.status === 'denied' || reply.status === 'expired'
