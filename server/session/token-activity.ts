import { type Clock, isWithin } from '../clock.ts'
import { isTransient } from '../errors.ts'
import type { User } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { ChangePerson, PersonRecords } from './person-records.ts'
import type { Session } from './session.ts'
import { laterProfile, type TokenProfile, tokenProfileOf, withProfile } from './token-profile.ts'

/**
 * Whether the people of native apps are still there, and what they are called. Their provider can only be asked by a
 * token of theirs, and none is kept. So each good one that is shown counts as the provider's word, for all of their
 * sessions and on every instance.
 */
export interface TokenActivity {
  /**
   * Notes that a good token was shown, if its person has sessions listed and it is not noted already. What a token said
   * that was issued later stays. If the store does not take it, the token allows what it does all the same.
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
        // This runs at each request of an app, so only those stand in line that have something to write.
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
