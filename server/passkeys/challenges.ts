import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordStore } from '../store/record-store.ts'

/** What authenticators sign (WebAuthn §13.4.3): each is good once, for a moment, and for what it was asked for alone. */
export interface Challenges {
  /** @param purpose all that it is bound to, in words */
  issue(purpose: string): Promise<string>
  /** Whether it was issued for just this, and is used for the first time. From then on it is gone. */
  take(challenge: string, purpose: string): Promise<boolean>
}

/** 44 of 64 characters: 33 bytes, of which base64url has one spelling. */
const CHALLENGE_LENGTH = 44
/** What WebAuthn recommends where a person is to be verified (§15.1). */
export const CHALLENGE_MS = 300_000

const challengeRecord = Compile(
  Type.Tuple([Type.String({ title: 'hash of the purpose' }), Type.Number({ title: 'endsAt' })]),
)

interface ChallengesOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
}

export function createChallenges({ store, clock, randomness }: ChallengesOptions): Challenges {
  return {
    async issue(purpose) {
      const challenge = randomness.text(CHALLENGE_LENGTH)
      const expiresAt = clock() + CHALLENGE_MS
      const value = [hashSecret(purpose), expiresAt]
      await store.write(keyOf(challenge), value, { expiresAt, ifVersion: null, begins: true })
      return challenge
    },

    async take(challenge, purpose) {
      const key = keyOf(challenge)
      const found = await store.read(key)
      if (found === undefined || !challengeRecord.Check(found.value)) return false
      const [purposeHash, endsAt] = found.value
      if (clock() >= endsAt || !isSameHash(purposeHash, hashSecret(purpose))) return false
      // Of any number that come at once, one removes it.
      return store.remove(key, found.version)
    },
  }
}

function keyOf(challenge: string): string {
  return `challenge:${hashSecret(challenge)}`
}
