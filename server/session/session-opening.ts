import { type Clock, secondsUntil } from '../clock.ts'
import type { AnyContext } from '../http/request-context.ts'
import type { CurrentPerson, User } from '../identity/identity.ts'
import { isSamePerson, type Person, personKeyHash } from '../identity/person-key.ts'
import { createTelling } from '../news/telling.ts'
import type { FollowUps } from '../store/follow-ups.ts'
import type { RecordStore, StoredRecord } from '../store/record-store.ts'
import { type Change, type Changes, type RecordPlace, updateTogether } from '../store/update-record.ts'
import type { IndexEntry, PersonRecords } from './person-records.ts'
import { type IdentifiedSession, type Inherited, inheritedFrom, type Session, sessionIdOf } from './session.ts'
import { type EndSessions, endingOf } from './session-ends.ts'
import type { SessionIndex } from './session-index.ts'
import { clearing } from './session-limit.ts'
import type { OnSessionNews, SessionChange } from './session-news.ts'
import { ownerOf, type SessionRecords, sessionIn } from './session-records.ts'
import type { TokenProfile } from './token-profile.ts'

export interface SessionPolicy {
  /** A browser's session: its whole life, and how long it may go unused. */
  lifeMs: number
  idleMs: number
  /** A phone's session, and a browser's that was asked to be remembered. */
  rememberMs: number
  /** Sessions that a person may have: the oldest browser's makes way for a new one. */
  most: number
}

interface SessionOpeningOptions {
  store: RecordStore
  clock: Clock
  policy: SessionPolicy
  currentPerson: CurrentPerson
  followUps: FollowUps
  records: SessionRecords
  people: Pick<PersonRecords, 'lookUp' | 'keyOf' | 'inTurn'>
  index: Pick<SessionIndex, 'add' | 'adding'>
  end: EndSessions
  /** Told what happens to sessions, each thing once. */
  onNews?: OnSessionNews | undefined
}

export interface NewSession extends Inherited {
  secret: string
  user: User
  kind: Session['kind']
  remember: boolean
  browser: Session['browser']
  ip: string
  handedOverBy?: string
  amr?: string[]
  provenAt?: number
  confirm?: 'passkey'
  /** Of a native app's person: what the token that approved it says of them. */
  profile?: TokenProfile
}

/** A session that is there, and the list that it is in. */
export interface OpenedSession extends IdentifiedSession {
  listed: readonly IndexEntry[]
  /** How long its cookie is good, in seconds. */
  maxAge: number
}

interface SettleOptions {
  /** The public id of the session whose cookie the new one's replaces. That session ends, whoever's it was. */
  replaces?: string | undefined
  /** The request that it is opened on, or what is kept of a poll. */
  by?: AnyContext | undefined
}

interface CreateOptions<Also> {
  /** From `lookUp`. */
  guess?: StoredRecord | null
  /** Another record that is changed in the same write. Where it is left as it is, the session is not created. */
  along?: Along<Also>
  /** Called when the store fails, and it may have been created. */
  onUncertain?: (opened: OpenedSession) => void
}

export interface Along<Also> extends RecordPlace {
  /** @param opened as the session will be there then */
  decide(value: unknown, opened: OpenedSession): Change<Also>
}

export interface Created<Also> {
  /** `undefined`: it was ended in the meantime, or its person is blocked or gone, and nothing was changed. */
  opened: OpenedSession | undefined
  /** What was decided on `along`. */
  also: Also | undefined
  /** This call created the session, but left `along` as it was: possible where a store writes records one by one. */
  isLeft?: boolean
}

/** How a session comes to be. Each step repeats safely, and rejects with `store_unavailable` when the store does. */
export interface SessionOpening {
  /** A guess at the list that `create` will write, to be read together with something else. */
  lookUp(person: Person): Promise<StoredRecord | null>
  /**
   * What a new session of the person inherits from the one it replaces. `undefined`: that is not theirs, or is over.
   */
  inherit(person: Person, replaces: string | undefined): Promise<Inherited | undefined>
  /**
   * Creates the session with this secret. Asked again, as when a reply was lost, the same session stays. Before anybody
   * is given it, `settle` follows.
   */
  create<Also>(session: NewSession, how?: CreateOptions<Also>): Promise<Created<Also>>
  /** The session with this secret as it was created. `undefined`: it has ended, and does not come back. */
  resume(secret: string): Promise<OpenedSession | undefined>
  /**
   * Tells that somebody is signed in by it now, or may be. The call that made it so tells it, once. That somebody may
   * be is told once a session, however often it was tried, and again once it is found to be so.
   */
  tell(opened: OpenedSession, news: { by: AnyContext | undefined; isUncertain?: true | undefined }): void
  /** Ends the session that the new one replaces, and the oldest where there are too many. */
  settle(opened: OpenedSession, options?: SettleOptions): Promise<void>
  /**
   * `inherit`, `create`, `settle` and `tell`. If the store does not answer, nobody is given a session, and one that may
   * have been created is taken back.
   * @returns how long its cookie is good, in seconds; `undefined`: its person is blocked or gone
   */
  open(session: NewSession, options?: SettleOptions): Promise<number | undefined>
  /**
   * Takes back a session that was given to nobody: it is not told of any more. If the store does not answer, this
   * rejects, and is tried again for some minutes.
   */
  discard(opened: OpenedSession): Promise<void>
}

const NOTHING = { opened: undefined, also: undefined }

export function createSessionOpening(options: SessionOpeningOptions): SessionOpening {
  const { clock, policy, currentPerson, followUps, records, people, index, end, onNews = () => undefined } = options
  const openings = createTelling<SessionChange>({ clock, followUps, onNews })

  /** What is stored, field by field, so that nothing else that a caller hands in gets into a record. */
  function fresh(begun: Omit<NewSession, 'secret' | 'profile'>): Session {
    const { user, kind, browser, ip, remember, handedOverBy, amr, provenAt, confirm, seenUntil, inPlaceOf } = begun
    const now = clock()
    const isLong = kind === 'phone' || remember
    return {
      user,
      kind,
      browser,
      ip,
      createdAt: now,
      lastSeenAt: now,
      endsAt: now + (isLong ? policy.rememberMs : policy.lifeMs),
      ...(!isLong && { idleMs: policy.idleMs }),
      ...(handedOverBy !== undefined && { handedOverBy, login: handedOverBy }),
      ...(amr && { amr }),
      ...(provenAt !== undefined && { provenAt }),
      ...(confirm && { confirm }),
      ...(seenUntil !== undefined && { seenUntil }),
      ...(inPlaceOf && { inPlaceOf }),
    }
  }

  function opened(id: string, session: Session, listed: readonly IndexEntry[]): OpenedSession {
    return { id, session, listed, maxAge: secondsUntil(session.endsAt, clock()) }
  }

  /** Ends the oldest. If one is the phone that approved the new session, `replacedBy` keeps that hand-over good. */
  async function clear({ id: newId, session, listed: entries }: OpenedSession, by: SettleOptions['by']): Promise<void> {
    const { user, handedOverBy } = session
    const slots = await records.findAll(entries.map(({ id }) => id))
    const listed = entries.map((entry, at) => ({ entry, slot: slots[at]?.slot }))
    const { surplus, gone } = clearing(listed, newId, policy.most, clock())
    await end(personKeyHash(user), surplus.map(endingOf), { why: 'displaced', by, gone, replacedBy: handedOverBy })
  }

  async function endReplaced(id: string, fresh: Session, by: AnyContext | undefined): Promise<void> {
    const { kind, user, handedOverBy } = fresh
    const slot = await records.find(id)
    if (slot === undefined) return
    const of = ownerOf(slot)
    // A phone that signs in anew as the same person goes on with what it scanned.
    const keepScanned = kind === 'phone' && of === personKeyHash(user)
    await end(of, [{ id, slot }], { why: 'replaced', by, keepScanned, replacedBy: handedOverBy })
  }

  const opening: SessionOpening = {
    lookUp: (person) => people.lookUp(personKeyHash(person)),

    async inherit(person, replaces) {
      if (replaces === undefined) return undefined
      const session = sessionIn(await records.find(replaces))
      const isTheirs = session !== undefined && isSamePerson(session.user, person)
      return isTheirs ? inheritedFrom({ id: replaces, session }) : undefined
    },

    create<Also>(session: NewSession, { guess, along, onUncertain }: CreateOptions<Also> = {}) {
      const id = sessionIdOf(session.secret)
      const of = personKeyHash(session.user)
      const made = fresh(session)
      const entry = { id, openedAt: made.createdAt, endsAt: made.endsAt }
      // The list first: nobody can revoke a session that is not listed. The guess is that the session is not there yet.
      const places: RecordPlace[] = [
        { key: people.keyOf(of), guess },
        { key: records.keyOf(id), guess: null },
        ...(along === undefined ? [] : [along]),
      ]
      const decide = ([theirs, slot, other]: readonly unknown[]): Changes<Created<Also>> => {
        // The account may have ended since its owner proved who they are, and then its sessions were ended already.
        if (currentPerson(session.user) === undefined) return { changes: [], result: NOTHING }
        const listing = index.adding(theirs, entry, session.profile)
        const opening = records.opening(slot, made)
        const [listed, there] = [listing.result, opening.result]
        if (listed === undefined || there === undefined) return { changes: [], result: NOTHING }
        const it = opened(id, there, listed)
        const isNew = there === made
        const uncertain = isNew && onUncertain ? { onUncertain: () => onUncertain(it) } : {}
        const changes = [listing, { ...opening, ...uncertain }]
        const change = along?.decide(other, it)
        const isLeft = !isNew && there.createdAt === made.createdAt && change !== undefined && change.next === undefined
        return {
          changes: change === undefined ? changes : [...changes, change],
          result: { opened: it, also: change?.result, isLeft },
        }
      }
      return people.inTurn(of, () => updateTogether(options.store, places, decide))
    },

    async resume(secret) {
      const id = sessionIdOf(secret)
      const session = sessionIn(await records.find(id))
      if (session === undefined) return undefined
      const { createdAt, endsAt, user } = session
      const listed = await index.add(personKeyHash(user), { id, openedAt: createdAt, endsAt })
      return listed && opened(id, session, listed)
    },

    tell({ id, session }, { by, isUncertain }) {
      const news: SessionChange = { type: 'opened', id, session, by }
      const name = openedFollowUp(id)
      const isThere = async () => (await records.find(id)) !== undefined
      if (!isUncertain) openings.tellCertain(name, news)
      else if (!followUps.has(name)) openings.tellUncertain(name, news, isThere)
    },

    async settle(made, { replaces, by } = {}) {
      if (replaces !== undefined && replaces !== made.id) await endReplaced(replaces, made.session, by)
      if (made.listed.length > policy.most) await clear(made, by)
    },

    async open(session, how = {}) {
      const { by } = how
      const giveUp = (made: OpenedSession) => {
        onNews({ type: 'opened', id: made.id, session: made.session, by, isUncertain: true })
        // Tried at once. If it fails, as where replicas are away, `discard` tries again.
        opening.discard(made).catch(() => undefined)
      }
      const inherited = await opening.inherit(session.user, how.replaces)
      const { opened: made } = await opening.create({ ...session, ...inherited }, { onUncertain: giveUp })
      if (made === undefined) return undefined
      try {
        await opening.settle(made, how)
      } catch (error) {
        giveUp(made)
        throw error
      }
      opening.tell(made, { by })
      return made.maxAge
    },

    async discard({ id, session }) {
      const takeBack = async () => {
        await end(personKeyHash(session.user), [endingOf({ id, session })])
        followUps.drop(openedFollowUp(id))
        return true
      }
      try {
        await takeBack()
      } catch (error) {
        followUps.begin(`taken back:${id}`, takeBack)
        throw error
      }
    },
  }
  return opening
}

function openedFollowUp(id: string): string {
  return `opened:${id}`
}
