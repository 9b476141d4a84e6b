import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { type Person, personKeyHash } from '../identity/person-key.ts'
import type { Session } from './session.ts'
import type { SessionIndex } from './session-index.ts'

/**
 * Whether the people of native apps are still there. Nobody can be asked about them but by a token of theirs, and none is
 * kept: so each good one that is shown is their provider's word, for all of their sessions and on every instance.
 */
export interface ShownTokens {
  /** Notes that a good token of the person's is shown. What it allows does not hang on whether that can be written down. */
  note(person: Person): Promise<void>
  /** Whether one was shown lately enough for this session to go on. Rejects with `store_unavailable`. */
  vouchFor(session: Session): Promise<boolean>
}

export interface ShownTokensOptions {
  index: Pick<SessionIndex, 'shownAt' | 'noteShown'>
  clock: Clock
}

/** Each process looks so often whether it is to be written down, and it is written so often at the most. */
const NOTE_EVERY_MS = 300_000
const MOST_REMEMBERED = 10_000

export function createShownTokens({ index, clock }: ShownTokensOptions): ShownTokens {
  /** When each person was noted here, the longest ago first. */
  const notedAt = new Map<string, number>()

  function isNoted(of: string): boolean {
    return clock() - (notedAt.get(of) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS
  }

  function remember(of: string): void {
    notedAt.delete(of)
    notedAt.set(of, clock())
    const [oldest] = notedAt.keys()
    if (notedAt.size > MOST_REMEMBERED && oldest !== undefined) notedAt.delete(oldest)
  }

  return {
    async note(person) {
      const of = personKeyHash(person)
      if (isNoted(of)) return
      remember(of)
      try {
        await index.noteShown(of, NOTE_EVERY_MS)
      } catch (error) {
        notedAt.delete(of)
        if (ScanInError.from(error).code !== 'store_unavailable') throw error
      }
    },

    async vouchFor({ user, createdAt }) {
      const isLate = (shownAt: number) => clock() - shownAt >= LONGEST_SILENCE_MS
      // A session is opened on a token that is good then: until it is old, nothing has to be read.
      return !isLate(createdAt) || !isLate(await index.shownAt(personKeyHash(user)))
    },
  }
}
