import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../../clock.ts'
import { hashSecret } from '../../hashes.ts'
import { type Randomness, SECRET_LENGTH } from '../../randomness.ts'
import type { RecordStore } from '../../store/record-store.ts'

/** What a code stands for: who enters, where, and which browser's errand it is. */
export interface Entry {
  session: string
  origin: string
  state: string
}

/** Codes that carry who is signed in from ScanIn's host to an application's. Both reject with `store_unavailable`. */
export interface AppCodes {
  make(entry: Entry): Promise<string>
  /** Uses a code up. @returns the session that enters; `undefined`: there is none for this state at this origin any more */
  take(code: string, asked: Omit<Entry, 'session'>): Promise<string | undefined>
}

const GOOD_FOR_MS = 30_000

const codeRecord = Compile(
  Type.Tuple([
    Type.String({ title: 'session' }),
    Type.String({ title: 'origin' }),
    Type.String({ title: 'hash of the state' }),
    Type.Number({ title: 'goodUntil' }),
  ]),
)

interface AppCodesOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
}

export function createAppCodes({ store, clock, randomness }: AppCodesOptions): AppCodes {
  return {
    async make({ session, origin, state }) {
      const code = randomness.text(SECRET_LENGTH)
      const expiresAt = clock() + GOOD_FOR_MS
      const options = { expiresAt, ifVersion: null, begins: true }
      await store.write(keyOf(code), [session, origin, hashSecret(state), expiresAt], options)
      return code
    },

    async take(code, { origin, state }) {
      const found = await store.read(keyOf(code))
      // Removed first: whoever shows a code has it, so one shown at the wrong place or by another browser is over.
      if (found === undefined || !(await store.remove(keyOf(code), found.version))) return undefined
      if (!codeRecord.Check(found.value)) return undefined
      const [session, madeFor, stateHash, goodUntil] = found.value
      const isTheirs = madeFor === origin && stateHash === hashSecret(state) && clock() < goodUntil
      return isTheirs ? session : undefined
    },
  }
}

function keyOf(code: string): string {
  return `app-code:${hashSecret(code)}`
}
