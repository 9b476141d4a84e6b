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
 * A renewal that comes after the scan is answered with a new login. The old one, which the phone holds, goes on then; only one
 * that is no more gives way. Of a new one that does not go on nobody else knows: it is dropped, whatever is heard of the old.
 * @returns what the old one has turned out to be, where it goes on: this very reply may have carried the session. Throws as
 * `ask` does
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
