import type { LoginApi } from '../wire/login-api.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'

export interface Contest {
  readonly api: Pick<LoginApi, 'dropLogin'>
  /** The token of the login that was to be renewed. */
  readonly old: string
  /** What came of it. */
  readonly next: LoginReply
  /** Asks how the old one stands. `undefined`: nobody wants to know any more. */
  readonly ask: () => Promise<BrowserReply | undefined>
}

/**
 * A renewal that reaches the server after the scan starts a new login. The old one, which the phone holds, goes on
 * then; the new one replaces it only if no phone holds it. Nobody else knows a new login that is not used: it is
 * dropped, whatever is heard of the old one.
 * @returns the reply about the old one if that goes on: it may have carried the session. Throws as `ask` does
 */
export async function whichGoesOn({ api, old, next, ask }: Contest): Promise<BrowserReply | undefined> {
  if (loginIdOf(next.token) === loginIdOf(old)) return undefined
  let givesWay = false
  try {
    const reply = await ask()
    givesWay = reply?.status === 'expired' || reply?.status === 'pending'
    return givesWay ? undefined : reply
  } finally {
    if (!givesWay) void api.dropLogin(next).catch(() => undefined)
  }
}
