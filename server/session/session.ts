import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { hashSecret } from '../hashes.ts'
import { browserRecord } from '../http/user-agent.ts'
import { userRecord } from '../identity/user-record.ts'

/** What both phone and browser hold once signed in. Kept under the hash of its secret, which is also its public id. */
export type Session = Static<typeof sessionRecord>

const sessionRecord = Type.Object({
  user: userRecord,
  /** A phone signed in itself and may sign browsers in; a browser was signed in by a phone. */
  kind: Type.Union([Type.Literal('browser'), Type.Literal('phone')]),
  browser: browserRecord,
  ip: Type.String(),
  /** Epoch milliseconds. */
  createdAt: Type.Number(),
  /** To within a tenth of the idle time, a minute at most: not every request is worth a write. */
  lastSeenAt: Type.Number(),
  /** The absolute end, in epoch milliseconds. */
  endsAt: Type.Number(),
  /** Unused for this long, the session ends. Left out: it may rest until its end. */
  idleMs: Type.Optional(Type.Number()),
  /** The login that handed it out, until its first use. */
  handedOverBy: Type.Optional(Type.String()),
  /** Other applications that it is signed in at, the newest last: the origin of each, and the hash of its secret there. */
  applications: Type.Optional(
    Type.Array(Type.Tuple([Type.String({ title: 'origin' }), Type.String({ title: 'hash of the secret' })])),
  ),
  /** The login that it came of: for who approved it, to know it again in the list. */
  login: Type.Optional(Type.String()),
  /** What its owner calls the device. */
  name: Type.Optional(Type.String()),
  /** Until when this device has shown its owner what happened, in epoch milliseconds. Left out: until its sign-in. */
  seenUntil: Type.Optional(Type.Number()),
  /** Earlier sessions of its person on this device since `seenUntil`, each of which the next one replaced. */
  inPlaceOf: Type.Optional(Type.Array(Type.String())),
  /** How its owner proved who they are (`identity/amr.ts`); of a browser's, how the phone's did, and how they confirmed. */
  amr: Type.Optional(Type.Array(Type.String())),
  /** When its owner has proved who they are, where that was before it began. Epoch milliseconds; 0: nobody says. */
  provenAt: Type.Optional(Type.Number()),
  /** Remembered after it was handed over: the cookie that the browser has ends too early. */
  isKept: Type.Optional(Type.Literal(true)),
  /** Of a browser's: the phone's owner confirmed it by a passkey. */
  confirm: Type.Optional(Type.Literal('passkey')),
})

/** A session with its public id. */
export interface IdentifiedSession {
  id: string
  session: Session
}

const validator = Compile(sessionRecord)

export function decodeSession(value: unknown): Session | undefined {
  return validator.Check(value) ? value : undefined
}

/** The public id of the session with this secret. Nothing leads back from it. */
export function sessionIdOf(secret: string): string {
  return hashSecret(secret)
}

/** When the session ends if it is not used again, in epoch milliseconds. */
export function expiryOf({ endsAt, idleMs, lastSeenAt }: Session): number {
  return idleMs === undefined ? endsAt : Math.min(endsAt, lastSeenAt + idleMs)
}

/** Whether something happened since this device's last visit. @param id if it was a session, that session's */
export function isNewTo(
  { id: ownId, session }: IdentifiedSession,
  { id, at }: { id?: string | undefined; at: number },
): boolean {
  const { createdAt, seenUntil = createdAt, inPlaceOf = [] } = session
  const isOwn = id === ownId || (id !== undefined && inPlaceOf.includes(id))
  return !isOwn && at > seenUntil
}

/** What a session inherits from another of its person that it replaces on a device. */
export type Inherited = Pick<Session, 'seenUntil' | 'inPlaceOf'>

/** As many as there are events of one person. */
const MOST_BEFORE = 50

/** What is new to a device stays so when its person signs in there again; its own sign-ins are never new to it. */
export function inheritedFrom({ id, session }: IdentifiedSession): Inherited {
  const { createdAt, seenUntil = createdAt, inPlaceOf = [] } = session
  // Where its own sign-in is seen, so are those before it.
  return { seenUntil, ...(seenUntil < createdAt && { inPlaceOf: [...inPlaceOf, id].slice(-MOST_BEFORE) }) }
}

/**
 * When a session's owner last proved who they are, in epoch milliseconds; 0: nobody says. Coming from the team's
 * provider proves nothing if somebody was signed in there already.
 */
export function lastProvenAt({ createdAt, provenAt = createdAt }: Pick<Session, 'createdAt' | 'provenAt'>): number {
  return Math.min(createdAt, provenAt)
}

const COARSEST_LAST_SEEN_MS = 60_000

/** Whether the session's last use is worth writing down again. */
export function isTouchDue({ lastSeenAt, idleMs }: Session, now: number): boolean {
  return now - lastSeenAt >= Math.min(COARSEST_LAST_SEEN_MS, (idleMs ?? Number.POSITIVE_INFINITY) / 10)
}
