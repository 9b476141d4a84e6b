import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import type { RecordStore } from '../store/record-store.ts'
import type { LogoutToken } from './logout-token.ts'

/** Sign-outs that the provider has just told of, so that sign-ins which were under way learn of them. */
export interface Logouts {
  /** Called before anybody looks for what ends by it. Rejects with `store_unavailable`. */
  note(logout: Pick<LogoutToken, 'subject' | 'sid'>): Promise<void>
  /**
   * Whether one came since that ends such a sign-in: asked once its session is written, so that either of the two finds the
   * other. Rejects with `store_unavailable`. @param since epoch milliseconds
   */
  cameSince(since: number, signIn: { subject: string; sid: string | undefined }): Promise<boolean>
}

interface LogoutsOptions {
  store: RecordStore
  clock: Clock
  issuer: string
}

/** A sign-in takes less, from the code to the session. */
const NOTED_MS = 60_000

const time = Compile(Type.Number())

export function createLogouts({ store, clock, issuer }: LogoutsOptions): Logouts {
  const keyOf = (what: 'session' | 'person' | 'one of', name: string) =>
    `provider-signed-out:${hashSecret(JSON.stringify([issuer, what, name]))}`

  return {
    async note({ subject, sid }) {
      const of = sid === undefined ? 'person' : 'one of'
      const keys = [
        ...(sid === undefined ? [] : [keyOf('session', sid)]),
        ...(subject === undefined ? [] : [keyOf(of, subject)]),
      ]
      const now = clock()
      await Promise.all(keys.map((key) => store.write(key, now, { expiresAt: now + NOTED_MS })))
    },

    async cameSince(since, { subject, sid }) {
      // A sign-in that does not know its session at the provider may be of any of the person's.
      const own = sid === undefined ? keyOf('one of', subject) : keyOf('session', sid)
      const found = await Promise.all([own, keyOf('person', subject)].map((key) => store.read(key)))
      return found.some((record) => time.Check(record?.value) && record.value >= since)
    },
  }
}
