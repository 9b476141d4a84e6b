import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import { createWriteQueues } from '../store/write-queues.ts'

/**
 * Which logins a phone has scanned and may not be done with: where to look when its authority ends. The logins themselves
 * decide whose they are. By whose: a session's id, or of native apps, whose tokens end by themselves, their person's
 * `personKeyHash`, for somebody who is blocked.
 */
export interface Scans {
  /** Noted before the login is the phone's, so that none is the phone's and not noted. Rejects with `store_unavailable`. */
  note(by: string, scan: Scan): Promise<void>
  of(by: string): Promise<string[]>
}

export interface Scan {
  loginId: string
  /** Epoch milliseconds: when the login is over at the latest. */
  until: number
}

/** Nobody decides about more at once; of whoever does, the oldest are left to the check at hand-over. */
export const MOST_SCANS = 50

const scansRecord = Compile(
  Type.Array(Type.Tuple([Type.String({ title: 'loginId' }), Type.Number({ title: 'until' })])),
)

export function createScans({ store, clock }: { store: RecordStore; clock: Clock }): Scans {
  const inTurn = createWriteQueues()

  function live(value: unknown): Scan[] {
    if (!scansRecord.Check(value)) return []
    return value.map(([loginId, until]) => ({ loginId, until })).filter(({ until }) => until > clock())
  }

  return {
    note(by, scan) {
      const key = keyOf(by)
      const decide = (value: unknown) => {
        const known = live(value)
        // It may be noted already by a try that came to nothing, and then be over before the login is.
        const others = known.filter(({ loginId, until }) => loginId !== scan.loginId || until >= scan.until)
        if (others.some(({ loginId }) => loginId === scan.loginId)) return { result: undefined }
        const scans = [...others, scan].slice(-MOST_SCANS)
        const expiresAt = Math.max(...scans.map(({ until }) => until))
        const list = scans.map(({ loginId, until }) => [loginId, until])
        return { next: { value: list, expiresAt, durable: true }, result: undefined }
      }
      return inTurn(key, () => updateRecord<void>(store, key, decide))
    },

    of: async (by) => live((await store.read(keyOf(by)))?.value).map(({ loginId }) => loginId),
  }
}

function keyOf(by: string): string {
  return `scans-of:${by}`
}
