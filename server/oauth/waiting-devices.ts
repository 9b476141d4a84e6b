import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import type { Login } from '../login/login.ts'
import type { LoginPolicy } from '../login/login-policy.ts'
import { END_REMEMBERED_MS } from '../login/login-records.ts'

/** What this process remembers of the newest devices that wait. The store knows none of it. */
export interface WaitingDevices {
  /** A device is given its code. */
  begin(code: string, login: Login): void
  /**
   * A device asked, and waits still.
   * @param lookedAt when its login was read, or before: epoch milliseconds
   * @returns `too_fast`: too soon after the last time
   */
  notePoll(code: string, login: Login, lookedAt: number): 'waiting' | 'too_fast'
  /**
   * Forgets a device: it waits no more.
   * @returns its login as it last was, if that has run out, given that the store has it no more; `undefined` also where
   *   it may have ended otherwise
   */
  end(code: string): Login | undefined
}

interface WaitingDevicesOptions {
  clock: Clock
  policy: Pick<LoginPolicy, 'confirmMs' | 'collectMs'>
  /** How many devices are remembered at the most. */
  most?: number
}

interface WaitingDevice {
  /** As it was when it was looked at last. */
  login: Login
  /** Epoch milliseconds, as all of these. */
  lookedAt: number
  /** Left out: it was given its code, and has not asked yet. */
  askedAt?: number
}

/** RFC 8628 §3.5: what a client waits at the least between two polls. */
export const DEVICE_INTERVAL_SECONDS = 5
/** Networks deliver some sooner than others. */
const JITTER_MS = 1000
const MOST_REMEMBERED = 10_000

export function createWaitingDevices({ clock, policy, most = MOST_REMEMBERED }: WaitingDevicesOptions): WaitingDevices {
  /** By the hash of its code; whoever was looked at last stands last. */
  const waiting = new Map<string, WaitingDevice>()
  /**
   * The store keeps a denied or collected login for longer than this. So one that is gone, and was seen to wait within
   * this time, was neither; and the store still knows if another instance has told its end.
   */
  const isCertainForMs = Math.min(policy.collectMs, END_REMEMBERED_MS)

  function remember(key: string, device: WaitingDevice): void {
    waiting.delete(key)
    const [oldest] = waiting.size < most ? [] : waiting.keys()
    if (oldest !== undefined) waiting.delete(oldest)
    waiting.set(key, device)
  }

  return {
    begin: (code, login) => remember(hashSecret(code), { login, lookedAt: login.createdAt }),

    notePoll(code, login, lookedAt) {
      const key = hashSecret(code)
      const now = clock()
      const since = now - (waiting.get(key)?.askedAt ?? Number.NEGATIVE_INFINITY)
      remember(key, { login, lookedAt, askedAt: now })
      const isTooFast = since >= 0 && since < DEVICE_INTERVAL_SECONDS * 1000 - JITTER_MS
      return isTooFast ? 'too_fast' : 'waiting'
    },

    end(code) {
      const key = hashSecret(code)
      const known = waiting.get(key)
      waiting.delete(key)
      if (known === undefined) return undefined
      const { login, lookedAt } = known
      const now = clock()
      // It may have been scanned since: then it had the time to confirm, and no more.
      const mayEndAt = Math.min(login.expiresAt, lookedAt + policy.confirmMs)
      return now >= mayEndAt && now - lookedAt < isCertainForMs ? login : undefined
    },
  }
}
