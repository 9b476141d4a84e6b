import type { Connection } from '../poll/poller.ts'
import type { Clock } from '../wire/clock.ts'
import { endingIn } from '../wire/ending.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { type LoginView, viewOf } from './login-view.ts'

/** What the server said last of a login, and what the page concludes from that when the server says no more. */
export interface LastWord {
  /** When the login is over, on the page's clock. */
  endsAt(): number
  /** @param isOther whether it is a new login, and no renewal of the one before */
  onLogin(login: LoginReply, isOther: boolean): void
  /** @returns what there is to show: `undefined` while the login waits for a phone */
  onReply(reply: BrowserReply): LoginView | undefined
  onConnection(connection: Connection): void
}

// The server says when a login is over. If it cannot, the page presumes so this long after the end that it was told.
export const GRACE_MS = 3000

export function createLastWord(clock: Clock): LastWord {
  let ending = endingIn(clock, 0)
  /** Seconds from the scan to the end. */
  let confirmSeconds = 0
  /** Nobody answers just now. */
  let isAway = false
  /**
   * Why the server may not know this login before its end. The browser never sent its key back (`cookies_needed`), or
   * newer logins of this browser displaced the key (`displaced`). Or the server was away, and may have lost the login
   * (`expired`). No login is started by itself then: tabs beyond the most keys of a browser would displace each other
   * for ever.
   */
  let ifUnknown: 'cookies_needed' | 'displaced' | 'expired' = 'cookies_needed'

  const endsIn = (seconds: number) => {
    ending = endingIn(clock, seconds * 1000)
  }
  const whyExpired = () => (ending.mayBeOver(ifUnknown === 'displaced' ? GRACE_MS : 0) ? 'expired' : ifUnknown)

  return {
    endsAt: () => ending.endsAt,
    onLogin({ expiresInSeconds }, isOther) {
      if (isOther) ifUnknown = isAway ? 'expired' : 'cookies_needed'
      endsIn(expiresInSeconds)
    },
    onReply(reply) {
      if ('expiresInSeconds' in reply) {
        endsIn(reply.expiresInSeconds)
        if (reply.status !== 'pending') confirmSeconds ||= reply.expiresInSeconds
      }
      if (reply.status === 'expired') return { kind: whyExpired() }
      if (ifUnknown === 'cookies_needed') ifUnknown = 'displaced'
      return viewOf(reply, { endsAt: ending.endsAt, wholeSeconds: confirmSeconds })
    },
    onConnection(next) {
      isAway = next === 'reconnecting'
      if (isAway) ifUnknown = 'expired'
    },
  }
}
