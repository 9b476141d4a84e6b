import type { WakeSource } from '../poll/page-wake.ts'
import { askedMsOf, isRefusal, ranOutOfTime } from '../wire/api-error.ts'
import { backoffMs, replyPatienceMs } from '../wire/backoff.ts'
import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { LoginApi } from '../wire/login-api.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { whichGoesOn } from './which-goes-on.ts'

export interface RotationParts {
  readonly api: Pick<LoginApi, 'startLogin' | 'loginStatus' | 'dropLogin'>
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly isHidden: () => boolean
  readonly returnTo: string | undefined
  readonly login: LoginReply
  /**
   * Called with each renewal as it begins. The promise never rejects, and settles after the outcome was told. It is
   * true from a renewal that may have happened unheard, until one that surely happened.
   */
  readonly onRenewal: (renewal: Promise<boolean>) => void
  /** Takes the login whose QR is to be shown from now on. */
  readonly onLogin: (login: LoginReply) => void
  /** Called with the state of the old login when a renewal came too late for it. */
  readonly onReply: (reply: BrowserReply) => void
  readonly signal: AbortSignal
}

/**
 * Renews the QR every `refresh_in` seconds until the signal aborts, which it does as soon as a phone has scanned. Once the
 * login is over nothing is renewed: that would begin another.
 */
export async function rotate(parts: RotationParts): Promise<void> {
  let login = parts.login
  let failures = 0
  let isSlow = false
  let isInDoubt = false
  let dueAt = 0
  let endsAt = 0
  const count = () => {
    dueAt = parts.clock.now() + login.refreshInSeconds * 1000
    endsAt = parts.clock.now() + login.expiresInSeconds * 1000
  }
  const renew = async (): Promise<boolean> => {
    try {
      // Not tied to the signal: the server has renewed once it was asked, so the answer must be heard.
      const next = await parts.api.startLogin({ token: login.token, returnTo: parts.returnTo, isAgain: isSlow })
      login = await keepOrTake(parts, login, next, replyPatienceMs(failures))
      failures = 0
      isSlow = false
      isInDoubt = false
      parts.onLogin(login)
      count()
    } catch (error) {
      failures += 1
      isSlow = ranOutOfTime(error)
      isInDoubt ||= !isRefusal(error)
      dueAt = parts.clock.now() + Math.max(backoffMs(failures, parts.random), askedMsOf(error))
    }
    return isInDoubt
  }
  count()
  while (!parts.signal.aborted) {
    await untilDueAndShown(parts, dueAt)
    if (parts.signal.aborted || parts.clock.now() >= endsAt) return
    const renewal = renew()
    parts.onRenewal(renewal)
    await renewal
  }
}

async function keepOrTake(
  { api, onReply }: RotationParts,
  old: LoginReply,
  next: LoginReply,
  timeoutMs: number,
): Promise<LoginReply> {
  const ask = () => api.loginStatus({ token: old.token, seen: 'pending', waitSeconds: 0, timeoutMs })
  const reply = await whichGoesOn({ api, old: old.token, next, ask })
  if (reply === undefined) return next
  onReply(reply)
  return old
}

// A tab that nobody sees shows its QR to nobody: it rests, and renews as soon as it is looked at.
async function untilDueAndShown({ clock, wake, isHidden, signal }: RotationParts, dueAt: number): Promise<void> {
  while (!signal.aborted) {
    const leftMs = dueAt - clock.now()
    if (leftMs <= 0 && !isHidden()) return
    const pause = linkAbort(signal)
    const stopListening = wake.onWake(pause.abort)
    await clock.sleep(leftMs > 0 ? leftMs : HIDDEN_CHECK_MS, pause.signal)
    stopListening()
    pause.unlink()
  }
}

const HIDDEN_CHECK_MS = 60_000
