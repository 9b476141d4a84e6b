import type { AccountEvent, EventDevice } from '../wire/event-protocol.ts'
import type { LinkedDevice, SessionKind } from '../wire/session-protocol.ts'

export const passkeyChanges = ['passkey_added', 'passkey_removed'] as const
export type PasskeyChange = (typeof passkeyChanges)[number]

/**
 * A device that was signed in since the phone's last visit, or a passkey that was added or removed since then. Moments are the
 * server's.
 */
export interface NewLink {
  readonly id: string
  readonly kind: SessionKind | PasskeyChange
  readonly passkey?: string | undefined
  readonly device: EventDevice & Pick<LinkedDevice, 'name'>
  readonly createdAt: number
  /** The latest that is known of the server's time. */
  readonly now: number
  /**
   * `ended_since`: before the person came, or elsewhere. `ended_here`: by their word, just now. What was done with a passkey stays
   * `live`.
   */
  readonly state: 'live' | 'ended_since' | 'ended_here'
}

/** What a phone's visit knows of. */
export interface Visit {
  /** Logins that the person has approved in it, and what they have done with passkeys, by the id of the row that tells it. */
  readonly approved: Set<string>
  /** Sessions that the person has asked to end in this visit, whether or not an answer came. */
  readonly ended: Set<string>
  /** Sessions that they have said were theirs. */
  readonly known: Set<string>
  /** What they have been told, by its id. */
  told: ReadonlyMap<string, NewLink>
}

/**
 * What there is to tell, the newest first: new sessions; those that were told before; those that were new by the events
 * and have ended since; and changes of passkeys, even by this phone's own session, whose cookie another may have. What
 * the owner has just approved or done, knows, or has ended before is no news.
 */
export function whatIsNew(
  devices: readonly LinkedDevice[],
  events: readonly AccountEvent[],
  { approved, ended, known, told }: Visit,
): ReadonlyMap<string, NewLink> {
  const now = Math.max(0, ...devices.map(({ lastSeenAt }) => lastSeenAt))
  const live = new Set(devices.map(({ id }) => id))
  const stateOf = (id: string, passkey?: string): NewLink['state'] =>
    live.has(id) || passkey !== undefined ? 'live' : ended.has(id) ? 'ended_here' : 'ended_since'
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
  const changed = events.flatMap((event): NewLink[] => {
    const { type, passkey, createdAt, isNew } = event
    const kind = passkeyChanges.find((change) => change === type)
    if (!isNew || kind === undefined || passkey === undefined) return []
    return [
      { id: `${kind} ${passkey}`, kind, passkey, device: { ...event, name: undefined }, createdAt, now, state: 'live' },
    ]
  })
  const before = [...told.values()].map((link) => ({ ...link, now, state: stateOf(link.id, link.passkey) }))
  const open = [...gone, ...changed, ...listed, ...before].filter(({ id }) => !known.has(id) && !approved.has(id))
  const all = new Map(open.map((link) => [link.id, link]))
  return new Map([...all].sort(([, one], [, other]) => other.createdAt - one.createdAt))
}
