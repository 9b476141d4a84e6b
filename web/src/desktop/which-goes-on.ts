import type { BrowserReply } from '../wire/protocol.ts'
import { loginIdOf } from '../wire/scan-link.ts'

export interface Contest {
  /** The token of the login that was to be renewed. */
  readonly old: string
  /** That of what came of it. */
  readonly next: string
  /** Asks how the old one stands. `undefined`: nobody wants to know any more. */
  readonly ask: () => Promise<BrowserReply | undefined>
  /** Tells the server that the next one is not wanted. Never rejects. */
  readonly drop: () => Promise<void>
}

/**
 * A renewal that comes after the scan is answered with a new login. The old one, which the phone holds, goes on then; only one
 * that is no more gives way. Of a new one that does not go on nobody else knows: it is dropped, whatever is heard of the old.
 * @returns what the old one has turned out to be, where it goes on: this very reply may have carried the session. Throws as
 * `ask` does
 */
export async function whichGoesOn({ old, next, ask, drop }: Contest): Promise<BrowserReply | undefined> {
  if (loginIdOf(next) === loginIdOf(old)) return undefined
  let givesWay = false
  try {
    const reply = await ask()
    givesWay = reply?.status === 'expired' || reply?.status === 'pending'
    return givesWay ? undefined : reply
  } finally {
    if (!givesWay) void drop()
  }
}
