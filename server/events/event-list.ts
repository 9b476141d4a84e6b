import type { PersonEvent } from './person-event.ts'

/** Of one person. */
const MOST_EVENTS = 50
/** Longer than a phone's session, and no longer than people look back: addresses are in it. */
export const EVENTS_KEPT_MS = 90 * 24 * 3600 * 1000

/** The list with more events in it: the newest first, in bounds, each once. */
export function withEvents(
  list: readonly PersonEvent[],
  added: readonly PersonEvent[],
  now: number,
): readonly PersonEvent[] {
  const merged = added.reduce(withEvent, list)
  return [...merged]
    .sort((one, other) => other.at - one.at)
    .filter(({ at }) => at + EVENTS_KEPT_MS > now)
    .slice(0, MOST_EVENTS)
}

/**
 * Adds an event, unless the list has it: a try whose answer was lost has written it, or made somebody do the thing
 * again. Events that were put together cannot be compared; so each says how many its request had ended by then.
 */
function withEvent(list: readonly PersonEvent[], event: PersonEvent): readonly PersonEvent[] {
  if (event.count === undefined && list.some((one) => isSame(one, event))) return list
  const at = list.findIndex(
    ({ type, request }) => type === event.type && request !== undefined && request === event.request,
  )
  const one = list[at]
  return one === undefined ? [event, ...list] : list.with(at, together(one, event))
}

/** Makes one event of two: a request that signs a thousand out is one thing, and leaves room for others. */
function together(one: PersonEvent, other: PersonEvent): PersonEvent {
  const { session: _one, ...rest } = one
  return { ...rest, count: Math.max(one.count ?? 1, other.count ?? 1) }
}

/** A session is opened once and ends once, a login is denied once, and a passkey is added once and removed once. */
function isSame(one: PersonEvent, other: PersonEvent): boolean {
  if (one.type !== other.type || subjectOf(one) !== subjectOf(other)) return false
  return subjectOf(one) !== undefined || (one.at === other.at && one.ip === other.ip)
}

function subjectOf({ session, login, passkey }: PersonEvent): string | undefined {
  return session ?? login ?? passkey
}
