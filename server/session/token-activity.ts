import { type Clock, isWithin } from '../clock.ts'
import { isTransient } from '../errors.ts'
import type { User } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { ChangePerson, PersonRecords } from './person-records.ts'
import type { Session } from './session.ts'
import { laterProfile, type TokenProfile, tokenProfileOf, withProfile } from './token-profile.ts'

/**
 * Whether the people of native apps are still there, and what they are called. Nobody can be asked about them but by a token
 * of theirs, and none is kept: so each good one that is shown is their provider's word, for all of their sessions and on
 * every instance.
 */
export interface TokenActivity {
  /**
   * Notes that a good token is shown, where a session is listed that hangs on it, and that is not noted already. What one
   * said that was issued later stays. What a token allows does not hang on whether it can be written down.
   * @param user as it says that the person is
   * @param issuedAt epoch milliseconds; `undefined`: nobody says
   */
  note(user: User, issuedAt?: number): Promise<void>
  /**
   * The session's person as the last token said. `undefined`: none was shown lately enough for the session to go on. Rejects
   * with `store_unavailable`.
   */
  vouchFor(session: Session): Promise<User | undefined>
}

interface TokenActivityOptions {
  people: Pick<PersonRecords, 'read' | 'readCurrent' | 'update'>
  clock: Clock
}

/** It is written down so often at the most, unless a token says something else. */
const NOTE_EVERY_MS = 300_000

export function createTokenActivity({ people, clock }: TokenActivityOptions): TokenActivity {
  const isLate = (shownAt: number) => !isWithin(LONGEST_SILENCE_MS, shownAt, clock())

  const noted =
    (profile: TokenProfile): ChangePerson<void> =>
    (found) => {
      const last = laterProfile(found.told, profile)
      const isDue = !isWithin(NOTE_EVERY_MS, found.shownAt ?? 0, clock()) || last !== found.told
      const next = { ...found, shownAt: clock(), told: last }
      return { ...(found.sessions.length > 0 && isDue && { next }), result: undefined }
    }

  return {
    async note(user, issuedAt) {
      const of = personKeyHash(user)
      const change = noted(tokenProfileOf(user, issuedAt))
      try {
        // Asked at each request of an app: in line stands only who has something to write.
        if (change(await people.readCurrent(of)).next !== undefined) await people.update(of, change)
      } catch (error) {
        if (!isTransient(error)) throw error
      }
    },

    async vouchFor({ user, createdAt }) {
      const { shownAt = 0, told } = await people.read(personKeyHash(user))
      if (isLate(createdAt) && isLate(shownAt)) return undefined
      return told === undefined ? user : withProfile(user, told)
    },
  }
}
