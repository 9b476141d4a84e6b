import type { Connection } from '../poll/poller.ts'
import type { Clock } from '../wire/clock.ts'
import { endingIn } from '../wire/ending.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { type LoginView, viewOf } from './login-view.ts'

/** What the server has said of a login, and what follows from that where it says no more. */
export interface LastWord {
  /** When the login is over, on the page's clock. */
  endsAt(): number
  /** @param isOther of which it has said nothing before: no renewal of the one that was */
  onLogin(login: LoginReply, isOther: boolean): void
  /** @returns what there is to show: `undefined` while the login waits for a phone */
  onReply(reply: BrowserReply): LoginView | undefined
  onConnection(connection: Connection): void
}

// The server says when a login ends. This is for when it cannot: its last word, and a little more.
export const GRACE_MS = 3000

export function createLastWord(clock: Clock): LastWord {
  let ending = endingIn(clock, 0)
  /** Seconds from the scan to the end. */
  let confirmSeconds = 0
  /** Nobody answers just now. */
  let isAway = false
  /**
   * Why the server knows nothing of this login before its time. The cookie is gone: it never came back, or newer logins of
   * this browser have taken its place. Where the server was away meanwhile, it may be the server that has lost it.
   * Nothing is started by itself then: tabs beyond the most that a browser carries would push each other out for ever.
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
