import type { WakeSource } from '../poll/page-wake.ts'
import { type Connection, poll } from '../poll/poller.ts'
import { untilAnswered } from '../poll/retry.ts'
import { ApiError, ConnectionError, isProblem, isRefusal } from '../wire/api-error.ts'
import { replyPatienceMs } from '../wire/backoff.ts'
import type { Clock } from '../wire/clock.ts'
import { endingIn, isSooner } from '../wire/ending.ts'
import { type LinkedAbort, linkAbort } from '../wire/linked-abort.ts'
import type { LoginApi, StatusAsk } from '../wire/login-api.ts'
import type { BrowserReply, LoginReply, Pacing, UserCodeReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import type { KeptLogin } from './kept-login.ts'
import { type LoginView, viewOf } from './login-view.ts'
import { resume } from './resume.ts'
import { rotate } from './rotation.ts'

export interface LoginFlowParts {
  readonly api: LoginApi
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly isHidden: () => boolean
  readonly returnTo: string | undefined
  /** Whoever is signed in here is to sign in once more: that there is a session says nothing. */
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
  /** Tries at once what `start_failed` waits for: a login of the page before may have been confirmed meanwhile. */
  tryNow(): void
}

// The server says when a login ends. This is for when it cannot: its last word, and a little more.
const graceMs = 3000
// A phone may have scanned at the last moment, and somebody confirmed at the last again: the most that this takes by itself.
const heldOnMs = (120 + 60) * 1000

// Of a login that is over there is no pace to keep.
const firstPacing = { intervalSeconds: 2, holdSeconds: 2 }

export function createLoginFlow(parts: LoginFlowParts): LoginFlow {
  const { api, clock } = parts
  const whole = linkAbort(parts.signal)
  const turning = linkAbort(whole.signal)
  let current: string | undefined
  /** The login that the server has said to be this browser's own. */
  let proven: string | undefined
  let connection: Connection = 'steady'
  /** Whether it was reconnecting in the life of this login. */
  let wasAway = false
  let ending = endingIn(clock, 0)
  let rotationInDoubt = false
  /** The renewal of the QR that is under way, or the last one. It never rejects. */
  let renewal: Promise<void> | undefined
  /** Digits that were sent and not answered yet. */
  let matching: Promise<BrowserReply> | undefined
  /** Has what waits for its next try ask at once, unless it is asking. */
  let askNow = () => {}
  /** Digits were sent, and no answer came. */
  let areDigitsLost = false
  /** Something was asked, and no answer came, or not all of it: the session may have. */
  let isAnswerLost = false
  /** The last try was sent, and no answer came, or it was wrong. */
  let isLastTrySent = false
  /** Seconds from the scan to the end. */
  let confirmSeconds = 0
  /** What is told was told by the page before, or could have been. */
  let isRepeated = false
  let ended = false
  /** By this page's clock alone it is over, until this aborts: the server has said otherwise. */
  let presumed: LinkedAbort | undefined
  /** The person has begun anew. */
  let isDropped = false
  let shown: LoginView | undefined

  const show = (view: LoginView) => {
    if (ended || whole.signal.aborted || isSameView(shown, view)) return
    shown = view
    parts.onView(view)
  }
  const letGo = () => {
    whole.abort()
    whole.unlink()
    turning.unlink()
  }
  const finish = (view: LoginView) => {
    // Left for another login, whose are by now the page and what is kept.
    if (whole.signal.aborted) return
    show(view)
    // Nothing is asked any more, so nothing is reconnecting.
    if (presumed === undefined) parts.onConnection('steady')
    ended = true
    // The page after this one says once more that it was refused, and why: a new code alone would hide that somebody did.
    if ((view.kind !== 'denied' && view.kind !== 'tries_used') || isRepeated) parts.kept.forget()
    letGo()
  }
  const spanOf = (seconds: number) => ({ endsAt: clock.now() + seconds * 1000, wholeSeconds: seconds })
  const heard = (expiresInSeconds: number) => {
    ending = endingIn(clock, expiresInSeconds * 1000)
  }
  const hold = (token: string) => {
    if (whole.signal.aborted) return
    current = token
    parts.kept.keep(token, isLastTrySent)
  }
  const noteLastTry = (isSent: boolean) => {
    isLastTrySent = isSent
    if (current !== undefined) hold(current)
  }
  const adopt = (login: LoginReply) => {
    const isOther = loginIdOf(current ?? '') !== loginIdOf(login.token)
    // It was on its way as the person began anew, or as the one before got further: nobody else knows of it.
    const isUnwanted = isDropped || (turning.signal.aborted && isOther)
    if (isUnwanted) void api.dropLogin({ token: login.token }).catch(() => undefined)
    if (isUnwanted || whole.signal.aborted) return
    if (isOther) wasAway = connection === 'reconnecting'
    isLastTrySent = false
    hold(login.token)
    if (turning.signal.aborted) return
    heard(login.expiresInSeconds)
    show({ kind: 'pending', login, span: spanOf(login.refreshInSeconds), endsAt: ending.endsAt })
  }

  const onReply = (reply: BrowserReply) => {
    if (ended) return
    if ('expiresInSeconds' in reply) heard(reply.expiresInSeconds)
    if (reply.status !== 'expired') proven = loginIdOf(tokenNow())
    if (reply.status === 'scanned' || reply.status === 'match_required') confirmSeconds ||= reply.expiresInSeconds
    const view = viewAfter(reply)
    if (view === undefined) return
    presumed?.abort()
    turning.abort()
    if (isFinal(reply)) finish(view)
    else show(view)
  }

  const viewAfter = (reply: BrowserReply): LoginView | undefined => {
    if (reply.status === 'expired') return { kind: whyExpired() }
    if (reply.status === 'denied' && isLastTrySent) return { kind: 'tries_used' }
    return viewOf(reply, { endsAt: ending.endsAt, wholeSeconds: confirmSeconds })
  }

  const ask = async (polled: Omit<StatusAsk, 'token'>): Promise<BrowserReply> => {
    const asked = tokenNow()
    const reply = await api.loginStatus({ ...polled, token: asked }).catch(noteLost)
    // The last digits may be what ended it, and their own answer says so.
    if (reply.status === 'denied') await matching?.catch(() => undefined)
    if (reply.status !== 'expired') return reply
    // It was renewed while we asked, or is just now: the old secret has run out, the login has not.
    await renewal
    if (asked !== tokenNow()) return ask({ ...polled, waitSeconds: 0, timeoutMs: replyPatienceMs(0) })
    // A lost answer may hold the token, or the session, that makes this one "expired". Wait until that is known.
    if (rotationInDoubt || matching !== undefined) throw new ConnectionError()
    return (await brokenOff()) ?? reply
  }

  const noteLost = (error: unknown): never => {
    isAnswerLost ||= !isRefusal(error)
    throw error
  }

  /** An answer that broke off after its headers: the session came, and took the key along that its login is asked about by. */
  const brokenOff = async (): Promise<BrowserReply | undefined> => {
    if (!isAnswerLost || parts.isAnew) return undefined
    try {
      // Where to, the server says of this page.
      return { status: 'authenticated', userName: await api.signedInName(), redirectTo: '' }
    } catch (error) {
      if (isProblem(error, 'authentication_required')) return undefined
      throw error
    }
  }

  const urgent: WakeSource = {
    onWake: (listener) => {
      askNow = listener
      return () => {
        askNow = () => {}
      }
    },
  }

  const tokenNow = (): string => {
    if (current === undefined) throw new ConnectionError()
    return current
  }

  /**
   * Why the server knows nothing of this login. Before its time the cookie is gone: it never came back, or newer logins of
   * this browser have taken its place. Where the server was away meanwhile, it may be the server that has lost it.
   * Nothing is started by itself then: tabs beyond the most that a browser carries would push each other out for ever.
   */
  const whyExpired = (): 'expired' | 'cookies_needed' | 'displaced' => {
    if (wasAway) return 'expired'
    if (proven !== loginIdOf(tokenNow())) return ending.mayBeOver() ? 'expired' : 'cookies_needed'
    return ending.mayBeOver(graceMs) ? 'expired' : 'displaced'
  }

  const watchTheEnd = async () => {
    while (!whole.signal.aborted) {
      await clock.sleep(ending.endsAt + graceMs - clock.now(), whole.signal)
      // Either may bring another end.
      await renewal
      await matching?.catch(() => undefined)
      if (!whole.signal.aborted && ending.endsAt + graceMs <= clock.now()) await presumeOver()
    }
  }

  /** Says that it is over, and asks on: what a phone did meanwhile the server still has, and hands over. */
  const presumeOver = async () => {
    const mine = linkAbort(whole.signal)
    presumed = mine
    turning.abort()
    // Nothing is renewed any more: there is nothing else to wait for.
    rotationInDoubt = false
    show({ kind: 'expired' })
    parts.onConnection('steady')
    await clock.sleep(heldOnMs, mine.signal)
    mine.unlink()
    if (!mine.signal.aborted) finish({ kind: 'expired' })
    presumed = undefined
  }

  /** Goes on with the login of the page before, or starts one. Answers with what polling begins from. */
  const begin = async (): Promise<(Pacing & { readonly status: string }) | undefined> => {
    const onFailure = (error: unknown) => {
      const wait = error instanceof ApiError ? error.retryAfterSeconds : undefined
      show({ kind: 'start_failed', error, isOver: false, ...(wait ? { span: spanOf(wait) } : {}) })
    }
    const retry = { ...parts, urgent, signal: whole.signal, onFailure }
    const kept = parts.kept.take()
    if (kept !== undefined) {
      isLastTrySent = kept.isLastTrySent
      hold(kept.token)
    }
    const resumed = kept === undefined ? undefined : await resume(kept.token, retry)
    if (kept !== undefined && resumed?.kind === 'further') {
      isRepeated = resumed.reply.status === 'denied'
      onReply(resumed.reply)
      return { ...firstPacing, ...resumed.reply }
    }
    // Over to who polls, it may be waiting all the same: the answers to its last renewals may be lost.
    const start = () => api.startLogin({ token: kept?.token, returnTo: parts.returnTo, isAgain: true })
    const started = resumed?.kind === 'pending' ? resumed.login : await untilAnswered(start, retry)
    if (started !== undefined) renewing(started)
    return started
  }

  const renewing = (login: LoginReply) => {
    adopt(login)
    const onDoubt = (inDoubt: boolean) => {
      rotationInDoubt = inDoubt
    }
    const onRenewal = (begun: Promise<void>) => {
      renewal = begun
    }
    void rotate({ ...parts, login, onRenewal, onLogin: adopt, onReply, onDoubt, signal: turning.signal })
  }

  const run = async () => {
    show({ kind: 'starting' })
    const login = await begin()
    if (login === undefined || ended) return
    void watchTheEnd()
    const end = await poll<BrowserReply>({
      ...parts,
      ask,
      urgent,
      isFinal,
      onReply,
      onConnection: (next) => {
        connection = next
        wasAway ||= next === 'reconnecting'
        if (presumed === undefined) parts.onConnection(next)
      },
      seen: login.status,
      pacing: login,
      signal: whole.signal,
    })
    if (end.end === 'refused') finish({ kind: 'expired' })
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
      // Before it is: the page may be gone when the answer comes.
      noteLastTry(shown?.kind === 'match_required' && shown.triesLeft === 1)
      matching = api.match({ token: tokenNow(), matchCode, isAgain: areDigitsLost })
      try {
        onReply(await matching.catch(noteLost))
      } catch (error) {
        const isUsedUp = error instanceof ApiError && error.triesLeft === 0
        if (error instanceof ApiError) noteLastTry(isUsedUp)
        else areDigitsLost = true
        // The session may have been in the answer, and is given again for some seconds alone.
        if (!isRefusal(error)) askNow()
        if (isUsedUp) return finish({ kind: 'tries_used' })
        throw error
      } finally {
        matching = undefined
      }
    },
    userCode: async () => {
      // By its end the token before it may be none.
      await renewal
      return api.userCode({ token: tokenNow() })
    },
    drop: async () => {
      isDropped = true
      letGo()
      parts.kept.forget()
      if (current !== undefined) await api.dropLogin({ token: current })
    },
    tryNow() {
      show({ kind: 'starting' })
      askNow()
    },
  }
}

const isFinal = (reply: BrowserReply): boolean =>
  reply.status === 'authenticated' || reply.status === 'denied' || reply.status === 'expired'

// Every poll brings a reply; only one that says something new is shown.
function isSameView(shown: LoginView | undefined, next: LoginView): boolean {
  if (shown?.kind === 'match_required' && next.kind === 'match_required' && shown.triesLeft !== next.triesLeft)
    return false
  if (shown?.kind === 'expired') return next.kind === 'expired'
  if (shown?.kind !== 'scanned' && shown?.kind !== 'match_required') return false
  return shown.kind === next.kind && !isSooner(next.span.endsAt, shown.span.endsAt)
}
