import { type RetryParts, untilAnswered } from '../poll/retry.ts'
import { ranOutOfTime } from '../wire/api-error.ts'
import { replyPatienceMs } from '../wire/backoff.ts'
import type { LoginApi } from '../wire/login-api.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'
import { whichGoesOn } from './which-goes-on.ts'

/** Where a login of an earlier page has got to: it shows its QR, somewhere further on, or it is over. */
export type Resumed =
  | { readonly kind: 'pending'; readonly login: LoginReply }
  | { readonly kind: 'further'; readonly reply: BrowserReply }
  | { readonly kind: 'over' }

export interface ResumeParts extends RetryParts {
  readonly api: Pick<LoginApi, 'startLogin' | 'loginStatus' | 'dropLogin'>
  readonly returnTo: string | undefined
}

/** Finds out how the login with this token stands. A pending one is renewed, since only that shows a QR. */
export async function resume(token: string, parts: ResumeParts): Promise<Resumed | undefined> {
  const asked = { token, seen: 'none', waitSeconds: 0, signal: parts.signal }
  const status = (failures: number) => parts.api.loginStatus({ ...asked, timeoutMs: replyPatienceMs(failures) })
  const reply = await untilAnswered(status, parts)
  if (reply === undefined) return undefined
  if (reply.status === 'expired') return { kind: 'over' }
  if (reply.status !== 'pending') return { kind: 'further', reply }
  let isSlow = false
  const renew = async () => {
    try {
      return await parts.api.startLogin({ token, returnTo: parts.returnTo, isAgain: isSlow })
    } catch (error) {
      isSlow = ranOutOfTime(error)
      throw error
    }
  }
  const login = await untilAnswered(renew, parts)
  if (login === undefined) return undefined
  const ask = () => untilAnswered(status, parts)
  const further = await whichGoesOn({ api: parts.api, old: token, next: login, ask })
  // A new login that nobody wants any more is dropped already. A newer code of the same login goes to the caller.
  if (parts.signal.aborted && loginIdOf(login.token) !== loginIdOf(token)) return undefined
  return further === undefined ? { kind: 'pending', login } : { kind: 'further', reply: further }
}
