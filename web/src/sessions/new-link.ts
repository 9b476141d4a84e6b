import type { AccountEvent, EventDevice } from '../wire/event-protocol.ts'
import type { LinkedDevice, SessionKind } from '../wire/session-protocol.ts'

/** A device that was signed in since the phone's last visit. Moments are the server's. */
export interface NewLink {
  readonly id: string
  readonly kind: SessionKind
  readonly device: EventDevice & Pick<LinkedDevice, 'name'>
  readonly createdAt: number
  /** The latest that is known of the server's time. */
  readonly now: number
  /** `ended_since`: before the person came, or elsewhere. `ended_here`: by their word, just now. */
  readonly state: 'live' | 'ended_since' | 'ended_here'
}

/** What a phone's visit knows of. */
export interface Visit {
  /** Logins that the person has approved in it. */
  readonly approved: Set<string>
  /** Sessions that they have had signed out in it, whatever was heard of it. */
  readonly ended: Set<string>
  /** Sessions that they have said were theirs. */
  readonly known: Set<string>
  /** What they have been told, by its session. */
  told: ReadonlyMap<string, NewLink>
}

/**
 * What there is to tell: sessions that are new, those that were told before, and what was new by the events and has ended
 * since. What its owner has just approved, knows, or has ended before is no news. The newest first.
 */
export function newLinks(
  devices: readonly LinkedDevice[],
  events: readonly AccountEvent[],
  { approved, ended, known, told }: Visit,
): ReadonlyMap<string, NewLink> {
  const now = Math.max(0, ...devices.map(({ lastSeenAt }) => lastSeenAt))
  const live = new Set(devices.map(({ id }) => id))
  const stateOf = (id: string): NewLink['state'] =>
    live.has(id) ? 'live' : ended.has(id) ? 'ended_here' : 'ended_since'
  const isApproved = ({ login }: LinkedDevice) => login !== undefined && approved.has(login)

  const listed = devices
    .filter((device) => device.isNew && !device.current && !isApproved(device))
    .map((device): NewLink => {
      const { id, kind, createdAt } = device
      return { id, kind, device, createdAt, now, state: 'live' }
    })
  const revoked = new Set(events.filter(({ type }) => type === 'revoked').map(({ session }) => session))
  const gone = events.flatMap((event): NewLink[] => {
    const { type, session: id, createdAt, isNew } = event
    if (!isNew || id === undefined || live.has(id) || revoked.has(id)) return []
    if (type !== 'linked' && type !== 'signed_in') return []
    const kind = type === 'linked' ? 'browser' : 'phone'
    return [{ id, kind, device: { ...event, name: undefined }, createdAt, now, state: stateOf(id) }]
  })
  const before = [...told.values()].map((link) => ({ ...link, now, state: stateOf(link.id) }))
  const all = new Map([...gone, ...listed, ...before].map((link) => [link.id, link]))
  for (const id of known) all.delete(id)
  return new Map([...all].sort(([, one], [, other]) => other.createdAt - one.createdAt))
}
