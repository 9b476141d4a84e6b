import type { Clock } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from '../store/record-store.ts'
import type { LoginPolicy } from './login-policy.ts'
import { createLoginRecords, type LoginRecords } from './login-records.ts'
import { createUserCodes, type UserCodes } from './user-codes.ts'

export interface LoginsOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
}

/** All logins, as the browser's room and the phone's both work on them. */
export interface Logins {
  records: LoginRecords
  userCodes: UserCodes
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
  /** Ends the repeating of a hand-over: its session has been used. Rejects with `store_unavailable`. */
  acknowledge(loginId: string): Promise<void>
}

/** Opens the room of logins: their records and typed codes in `store`, their times by `clock` and `policy`. */
export function createLogins({ store, clock, randomness, policy }: LoginsOptions): Logins {
  const records = createLoginRecords({ store, clock })
  return {
    records,
    userCodes: createUserCodes(store),
    clock,
    randomness,
    policy,
    async acknowledge(loginId) {
      await records.apply(loginId, () => ({ type: 'acknowledge' }))
    },
  }
}
