import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { Occasion } from '../http/occasion.ts'
import type { CurrentPerson, User, VouchFor } from '../identity/identity.ts'
import { isSamePerson, type Person, personKeyHash } from '../identity/person-key.ts'
import type { Schedule } from '../schedule.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createApplicationEntries } from './application-entries.ts'
import { type IdentifiedSession, isTouchDue, type Session, sessionIdOf } from './session.ts'
import { createEndSessions, type EndingSession, type EndOptions, type OnPhoneEnd } from './session-ends.ts'
import { createSessionIndex, type IndexEntry } from './session-index.ts'
import { createSessionKeeping } from './session-keeping.ts'
import { mayBeOpening } from './session-limit.ts'
import type { EndReason, OnSessionNews } from './session-news.ts'
import { createSessionOpening, type SessionPolicy } from './session-opening.ts'
import { createSessionRecords, kindOf, ownerOf, type Place } from './session-records.ts'
import { createShownTokens } from './shown-tokens.ts'

export interface SessionServiceOptions {
  store: RecordStore
  clock: Clock
  policy: SessionPolicy
  /** How long a login may lead to its session once it is approved. */
  openingMs: number
  currentPerson: CurrentPerson
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
  onPhoneEnd: OnPhoneEnd
  /** Asked at each use of a session of the team's provider's people. Left out: there is no such provider, and nobody is. */
  vouchFor?: VouchFor | undefined
  /** Told what happens to sessions, each thing once. */
  onNews?: OnSessionNews | undefined
  /** Of what is to be tried again. */
  schedule?: Schedule | undefined
}

export interface RevokeOptions {
  /** Left out: both. */
  kind?: Session['kind'] | undefined
  occasion?: Occasion | undefined
}

export interface Withdrawal {
  session?: string
  credential?: string
  reason: string
  occasion?: Occasion
}

/** Which of a person's sessions end, and how. */
interface Ending extends EndOptions {
  isMeant: (id: string, place: NonNullable<Place>) => boolean
}

const ofOperator = (occasion: Occasion | undefined): Ending => ({ isMeant: () => true, why: 'ended', occasion })

/** At a list that is being ended: nobody is waited for who opens sessions as fast as they end. */
const MOST_LOOKS = 4

export type SessionService = ReturnType<typeof createSessionService>

/** Who is signed in where. Every method rejects with `store_unavailable` when the store does. */
export function createSessionService(options: SessionServiceOptions) {
  const { clock, currentPerson, onFirstUse, vouchFor = async () => undefined } = options
  const index = createSessionIndex(options)
  const records = createSessionRecords(options)
  const followUps = createFollowUps(options.schedule)
  const end = createEndSessions({ ...options, followUps, records, index })
  const shownTokens = createShownTokens({ clock, index })

  /**
   * Of who is gone, or has another password by now, nobody is signed in. Of who is somebody elsewhere it has the names and
   * groups of when the session was let in: those of now, by which things are decided, `vouched` has.
   */
  function live(id: string, place: Place): IdentifiedSession | undefined {
    if (place === undefined || !('session' in place)) return undefined
    const user = currentPerson(place.session.user)
    return user && { id, session: { ...place.session, user } }
  }

  /** What a session may do does not hang on whether its use can be written down. */
  async function noteUse({ id, session }: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    try {
      const used = await records.change(id, (current) => {
        const { handedOverBy: _acknowledged, ...rest } = { ...current, lastSeenAt: clock() }
        return rest
      })
      return used && { id, session: { ...used, user: session.user } }
    } catch (error) {
      if (ScanInError.from(error).code !== 'store_unavailable') throw error
      return { id, session }
    }
  }

  const find = async (id: string) => live(id, await records.find(id))

  /** Who is somebody elsewhere is asked about there, now and then, or has to be heard of by a token. */
  async function vouched(found: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    const { id, session } = found
    const { source } = session.user
    if (source === undefined) return found
    const user = source === 'oidc' ? await vouchFor(session.user) : await shownTokens.vouchFor(session)
    if (user !== undefined) return { id, session: { ...session, user } }
    if (source === 'oidc') return undefined
    await end(personKeyHash(session.user), [{ id, place: { session } }], { why: 'withdrawn', reason: 'unheard' })
    return undefined
  }

  async function use(named: IdentifiedSession): Promise<IdentifiedSession | undefined> {
    const found = await vouched(named)
    if (found === undefined) return undefined
    const { handedOverBy } = found.session
    if (handedOverBy !== undefined) await onFirstUse(handedOverBy)
    else if (!isTouchDue(found.session, clock())) return found
    return noteUse(found)
  }

  /**
   * Ends what is meant of a list, also what is about to be created: it finds its place taken.
   * @returns what it was that was there
   */
  async function endListed(of: string, listed: readonly IndexEntry[], { isMeant, ...how }: Ending) {
    const places = await records.findAll(listed.map(({ id }) => id))
    const ending = listed.flatMap((entry, at): EndingSession[] => {
      const never = mayBeOpening(entry, clock()) ? { ended: { of, isPhone: false, by: undefined } } : undefined
      const place = places[at]?.place ?? never
      return place !== undefined && isMeant(entry.id, place) ? [{ id: entry.id, place }] : []
    })
    await end(of, ending, how)
    const meant = new Set(ending.map(({ id }) => id))
    return { ending, found: places.filter(({ id, place }) => place !== undefined && meant.has(id)) }
  }

  /**
   * As `endListed`, of all that a person has. Until what approves has ended, it may have something handed over that was not in
   * the list yet: so it looks again for as long as there was something to end.
   */
  async function endThem(of: string, how: Ending) {
    const all: { id: string; place: Place }[] = []
    const seen = new Set<string>()
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const listed = (await index.entries(of)).filter(({ id }) => !seen.has(id))
      const { ending, found } = await endListed(of, listed, how)
      all.push(...found)
      if (ending.length === 0) break
      for (const { id } of listed) seen.add(id)
    }
    return all
  }

  const isLive = ({ id, place }: { id: string; place: Place }) => live(id, place) !== undefined

  return {
    ...createSessionOpening({ ...options, followUps, records, index, end }),
    ...createApplicationEntries({ clock, records, find, use }),
    ...createSessionKeeping({ ...options, records, index }),

    /** Notes that a native app has shown a good token of the person's: their sessions go on by it, as it says who they are. */
    noteShownToken: shownTokens.note,

    /** What the session with this public id is, if somebody is signed in by it. That is no use of it: who they are by now, `useFor` says. */
    kindOf: async (id: string): Promise<Session['kind'] | undefined> => (await find(id))?.session.kind,

    /**
     * The session that a cookie's secret stands for; noted as used now. `undefined`: none, ended or revoked. A first use
     * has to end the hand-over's repeating, and waits until it can or the 10 s of that are over.
     */
    async authenticate(secret: string): Promise<IdentifiedSession | undefined> {
      const found = await find(sessionIdOf(secret))
      return found && use(found)
    },

    /** As `authenticate`, for who shows what was given in the name of the session with this public id. */
    async useFor(id: string): Promise<IdentifiedSession | undefined> {
      const found = await find(id)
      return found && use(found)
    },

    /** Where to look for a person's sessions, also for those of somebody who is not one of ours any more. */
    idsOf: (person: Person): Promise<string[]> => index.list(personKeyHash(person)),

    /**
     * Who a phone's session speaks for, as they are now. `undefined`: what it approved is good no more; it has ended, or its
     * person is none of ours, or not vouched for.
     * @param loginId what it approved; a session that this very login's hand-over replaced was good until then
     * @throws ScanInError `identity_provider_unavailable` where nobody can say so
     */
    async approvingPerson({ id, user }: { id: string; user: User }, loginId: string): Promise<User | undefined> {
      const place = await records.find(id)
      if (place !== undefined && 'ended' in place) return place.ended.by === loginId ? currentPerson(user) : undefined
      const found = live(id, place)
      return found?.session.kind === 'phone' ? (await vouched(found))?.session.user : undefined
    },

    /** A person's sessions, the newest first. */
    async list(person: Person): Promise<IdentifiedSession[]> {
      const places = await records.findAll(await index.list(personKeyHash(person)))
      return places
        .map(({ id, place }) => live(id, place))
        .filter((entry) => entry !== undefined)
        .sort((one, other) => other.session.createdAt - one.session.createdAt)
    },

    /**
     * Calls one of a person's sessions by a name; `undefined`: by none.
     * @returns `undefined` when the person has no such session
     */
    async rename(person: Person, id: string, name: string | undefined): Promise<IdentifiedSession | undefined> {
      const found = await find(id)
      if (found === undefined || !isSamePerson(found.session.user, person)) return undefined
      const renamed = await records.change(id, ({ name: _before, ...session }) =>
        name === undefined ? session : { ...session, name },
      )
      return renamed && { id, session: { ...renamed, user: found.session.user } }
    },

    /** Notes that its owner was shown on this device what happened until then. @param until epoch milliseconds */
    async noteVisit({ id, session }: IdentifiedSession, until: number): Promise<void> {
      if (until <= (session.seenUntil ?? session.createdAt)) return
      await records.change(id, (current) => ({ ...current, seenUntil: Math.max(until, current.seenUntil ?? 0) }))
    },

    /**
     * Ends the session with this public id, for who has its secret; done again, it does what was left undone.
     * @returns whose it was, if it was there
     */
    async signOut(id: string, occasion?: Occasion): Promise<Person | undefined> {
      const place = await records.find(id)
      if (place !== undefined) await end(ownerOf(place), [{ id, place }], { why: 'signed_out', occasion })
      return place !== undefined && 'session' in place ? place.session.user : undefined
    },

    /**
     * Ends one of a person's sessions, or does what an end that was cut short has left undone.
     * @returns `false` when the person has no such session
     */
    async revoke(person: Person, id: string, occasion?: Occasion, why: EndReason = 'revoked'): Promise<boolean> {
      const of = personKeyHash(person)
      const place = await records.find(id)
      if (place === undefined || ownerOf(place) !== of) return false
      const isEnding = 'session' in place || (await index.list(of)).includes(id)
      if (isEnding) await end(of, [{ id, place }], { why, occasion })
      return isEnding
    },

    /**
     * Ends what somebody is signed in by, because it was not to be, or is not to be any more. Done again, it does what was left
     * undone.
     * @param session which one, by its public id. Left out: all
     * @param credential by which of their grants. Left out: whichever
     */
    async withdraw(person: Person, { session, credential, reason, occasion }: Withdrawal): Promise<void> {
      const of = personKeyHash(person)
      const places = await records.findAll(await index.list(of))
      const ending = places.flatMap(({ id, place }): EndingSession[] => {
        if (place === undefined || ![undefined, id].includes(session)) return []
        const isOther = 'session' in place && ![undefined, place.session.user.credential].includes(credential)
        return isOther ? [] : [{ id, place }]
      })
      await end(of, ending, { why: 'withdrawn', reason, occasion })
    },

    /**
     * Ends all of a person's sessions but the one named, if any is.
     * @returns how many that were
     */
    async revokeOthers(person: Person, keptId?: string, { kind, occasion }: RevokeOptions = {}): Promise<number> {
      const isMeant: Ending['isMeant'] = (id, place) => id !== keptId && (kind === undefined || kindOf(place) === kind)
      const ended = await endThem(personKeyHash(person), { isMeant, why: 'revoked', occasion })
      return ended.filter((one) => isLive(one) || (one.place !== undefined && 'ended' in one.place)).length
    },

    /** Ends all of a person's sessions, for an operator. @returns how many there were */
    async endAll(person: Person, occasion?: Occasion): Promise<number> {
      return (await endThem(personKeyHash(person), ofOperator(occasion))).filter(isLive).length
    },

    /**
     * Ends what an account's people were signed in by until a moment, with what they signed in by then: so that none of it is
     * there once the account is back. @param until epoch milliseconds
     */
    async endOfAccount(user: User, until: number): Promise<void> {
      const isMeant: Ending['isMeant'] = (_id, place) =>
        'ended' in place || (place.session.user.credential === user.credential && place.session.createdAt <= until)
      await endThem(personKeyHash(user), { isMeant, why: 'account_ended' })
    },

    /** As `endAll`, and from its answer on the person opens no more, wherever they come from, until `unblock`. */
    async block(person: Person, occasion?: Occasion): Promise<number> {
      const of = personKeyHash(person)
      const { found } = await endListed(of, await index.block(of), ofOperator(occasion))
      return found.filter(isLive).length
    },

    unblock: (person: Person): Promise<void> => index.unblock(personKeyHash(person)),

    isBlocked: (person: Person): Promise<boolean> => index.isBlocked(personKeyHash(person)),
  }
}
