import type { Clock } from '../clock.ts'
import type { AnyContext, RequestContext } from '../http/request-context.ts'
import { isSamePerson, type Person, personKeyHash } from '../identity/person-key.ts'
import type { Randomness } from '../randomness.ts'
import type { Schedule } from '../schedule.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Login, type LoginEvent, type Phone, phoneOf } from './login.ts'
import type { OnLoginNews } from './login-news.ts'
import type { LoginPolicy } from './login-policy.ts'
import { createLoginRecords, type LoginRecords } from './login-records.ts'
import { createScans, type Scans } from './scans.ts'
import { createUserCodes, type UserCodes } from './user-codes.ts'

interface LoginsOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
  /** Told what happens to logins, each thing once. */
  onNews?: OnLoginNews | undefined
  /** Runs the later looks at writes that the store did not answer. */
  schedule?: Schedule | undefined
}

interface WithdrawOptions {
  keepScanned: boolean
  /** The request that ended the session. */
  by?: AnyContext | undefined
}

/** All logins, as the browser's room and the phone's both work on them. */
export interface Logins {
  records: LoginRecords
  userCodes: UserCodes
  scans: Scans
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
  /** Ends the repeating of a hand-over: its session has been used. Rejects with `store_unavailable`. */
  acknowledge(loginId: string): Promise<void>
  /**
   * To be called when a phone's session has ended. Denies what it approved and is not handed over yet, and what it
   * scanned, unless `keepScanned` leaves that to the person's next session. Rejects with `store_unavailable`.
   */
  withdraw(phoneId: string, how: WithdrawOptions): Promise<void>
  /** Denies what a person's native apps scanned or approved, as `withdraw` does. */
  withdrawApps(person: Person, by?: RequestContext): Promise<void>
}

/** Opens the room of logins: their records and typed codes in `store`, their times by `clock` and `policy`. */
export function createLogins(options: LoginsOptions): Logins {
  const { store, clock, randomness, policy } = options
  const records = createLoginRecords(options)
  const scans = createScans({ store, clock })

  async function withdrawAll(noted: string, isTheirs: (phone: Phone) => boolean, how: WithdrawOptions): Promise<void> {
    const event = (login: Login): LoginEvent | undefined => {
      const phone = phoneOf(login)
      if (phone === undefined || !isTheirs(phone)) return undefined
      if (how.keepScanned && login.status === 'scanned') return undefined
      return { type: 'deny', phone, showMs: policy.collectMs, why: 'authority_ended' }
    }
    const loginIds = await scans.of(noted)
    await Promise.all(loginIds.map((loginId) => records.apply(loginId, event, { durable: true, by: how.by })))
  }

  return {
    records,
    userCodes: createUserCodes(store),
    scans,
    clock,
    randomness,
    policy,
    async acknowledge(loginId) {
      await records.apply(loginId, () => ({ type: 'acknowledge' }))
    },
    withdraw: (phoneId, how) => withdrawAll(phoneId, ({ id }) => id === phoneId, how),
    withdrawApps: (person, by) =>
      withdrawAll(personKeyHash(person), ({ user }) => isSamePerson(user, person), { keepScanned: false, by }),
  }
}
