import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import { createWriteQueues } from '../store/write-queues.ts'

/**
 * Which logins a phone has scanned and may still have in hand: where to look when its authority ends. Each login itself
 * says whose it is. `by` is a session's id. For native apps it is their person's `personKeyHash`, and serves only to
 * block that person: their tokens end by themselves.
 */
export interface Scans {
  /** Called before the phone gets the login, so that none of its is missing. Rejects with `store_unavailable`. */
  note(by: string, scan: Scan): Promise<void>
  of(by: string): Promise<string[]>
}

export interface Scan {
  loginId: string
  /** Epoch milliseconds: when the login is over at the latest. */
  until: number
}

/** More than anybody decides about at once. The oldest beyond it are left to the check at hand-over. */
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
        // A scan that came to nothing may have noted it already, with an end before the login's.
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
