import type { IndexEntry } from './person-records.ts'
import type { IdentifiedSession } from './session.ts'
import { type SessionSlot, sessionIn } from './session-records.ts'

/** A session of the list, and its slot. */
export interface ListedSlot {
  entry: IndexEntry
  slot: SessionSlot
}

export interface Clearing {
  /** Have to end, so that no more than `most` are left. */
  surplus: IdentifiedSession[]
  /** Are in the list and nowhere else. */
  gone: string[]
}

/** A session is listed first and created a moment later. One that is not there after so long never will be. */
const LONGEST_OPENING_MS = 60_000

/** Whether a listed session that is not there may still be created. */
export function mayBeOpening({ openedAt }: IndexEntry, now: number): boolean {
  return now - openedAt <= LONGEST_OPENING_MS
}

/**
 * Which of a person's sessions make way for the new one: the oldest browsers, and only where there is no other browser
 * the oldest phones.
 */
export function clearing(listed: readonly ListedSlot[], newId: string, most: number, now: number): Clearing {
  const live = listed.flatMap(({ entry: { id }, slot }) => {
    const session = sessionIn(slot)
    return session === undefined ? [] : [{ id, session }]
  })
  const absent = listed.filter(({ slot }) => slot === undefined).map(({ entry }) => entry)
  const gone = absent.filter((entry) => !mayBeOpening(entry, now))
  const excess = live.length + absent.length - gone.length - most
  const candidates = live.filter(({ id }) => id !== newId).sort(browsersFirstThenTheOldest)
  return { surplus: candidates.slice(0, Math.max(0, excess)), gone: gone.map(({ id }) => id) }
}

function browsersFirstThenTheOldest(one: IdentifiedSession, other: IdentifiedSession): number {
  const byKind = Number(one.session.kind === 'phone') - Number(other.session.kind === 'phone')
  return byKind || one.session.createdAt - other.session.createdAt
}
