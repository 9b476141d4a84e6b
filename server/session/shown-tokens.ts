import { type Clock, isWithin } from '../clock.ts'
import type { User } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { personKeyHash } from '../identity/person-key.ts'
import { isForNow } from '../store/in-turn.ts'
import type { Session } from './session.ts'
import { type SessionIndex, type Told, toldBy } from './session-index.ts'

/**
 * Whether the people of native apps are still there, and what they are called. Nobody can be asked about them but by a token
 * of theirs, and none is kept: so each good one that is shown is their provider's word, for all of their sessions and on
 * every instance.
 */
export interface ShownTokens {
  /**
   * Notes that a good token is shown. What it allows does not hang on whether that can be written down.
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

export interface ShownTokensOptions {
  index: Pick<SessionIndex, 'shown' | 'noteShown'>
  clock: Clock
}

/** It is written down so often at the most, unless a token says something else. */
const NOTE_EVERY_MS = 300_000

export function createShownTokens({ index, clock }: ShownTokensOptions): ShownTokens {
  const isLate = (shownAt: number) => !isWithin(LONGEST_SILENCE_MS, shownAt, clock())

  return {
    async note(user, issuedAt) {
      try {
        await index.noteShown(personKeyHash(user), toldBy(user, issuedAt), NOTE_EVERY_MS)
      } catch (error) {
        if (!isForNow(error)) throw error
      }
    },

    async vouchFor({ user, createdAt }) {
      const { shownAt = 0, told } = await index.shown(personKeyHash(user))
      if (isLate(createdAt) && isLate(shownAt)) return undefined
      return told === undefined ? user : asTold(user, told)
    },
  }
}

function asTold({ name: _name, email: _email, groups: _groups, ...who }: User, told: Told): User {
  const { issuedAt: _issuedAt, ...said } = told
  return { ...who, ...said }
}
