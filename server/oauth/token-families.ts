import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { RecordStore } from '../store/record-store.ts'
import { removeAsRead, updateRecord } from '../store/update-record.ts'

/** A client's sign-in that may be refreshed: a grant, and the record of its refresh tokens (RFC 9700 §4.14.2). */
export interface TokenFamily {
  session: string
  client: string
  /** Of its records in the store. */
  keys: readonly [grant: string, family: string]
  /** Epoch milliseconds. */
  endsAt: number
}

/** The families of each session: at most so many, and gone with it. Both methods reject with `store_unavailable`. */
export interface TokenFamilies {
  /** Notes a new one. The oldest of that client in that session makes way where there are too many. */
  note(family: TokenFamily): Promise<void>
  /** The session has ended: nothing of it is good any more, and nothing stays. */
  clear(session: string): Promise<void>
}

/** Of one client in one session: tabs, and starts of a program, that each keep a token of their own. */
const MOST = 50

const familiesRecord = Compile(
  Type.Array(
    Type.Tuple([Type.String({ title: 'client' }), Type.String({ title: 'grant' }), Type.String({ title: 'family' })]),
  ),
)

export function createTokenFamilies({ store }: { store: RecordStore }): TokenFamilies {
  const remove = (families: readonly (readonly [client: string, grant: string, family: string])[]) =>
    Promise.all(families.flatMap(([, ...keys]) => keys.map((key) => store.remove(key))))

  return {
    async note({ session, client, keys, endsAt }) {
      const surplus = await updateRecord(store, keyOf(session), (value) => {
        const known = familiesRecord.Check(value) ? value : []
        const own = known.filter(([of]) => of === client)
        const result = own.slice(0, Math.max(0, own.length + 1 - MOST))
        const kept = known.filter((family) => !result.includes(family))
        return { next: { value: [...kept, [client, ...keys]], expiresAt: endsAt, durable: true }, result }
      })
      await remove(surplus)
    },

    async clear(session) {
      await removeAsRead(store, keyOf(session), async (families) => familiesRecord.Check(families) && remove(families))
    },
  }
}

function keyOf(session: string): string {
  return `oauth:rows:${session}`
}
