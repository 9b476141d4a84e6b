import type { Clock } from '../clock.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import { type Person, personKeyHash } from '../identity/person-key.ts'
import type { PersonBlocks } from './person-blocks.ts'
import type { IndexEntry } from './person-records.ts'
import type { Session } from './session.ts'
import type { EndingSession, EndOptions, EndSessions } from './session-ends.ts'
import type { SessionIndex } from './session-index.ts'
import { mayBeOpening } from './session-limit.ts'
import { kindOf, type SessionRecords, type SessionSlot, type TakenSlot } from './session-records.ts'
import type { LiveSessions } from './session-use.ts'

/** Ends of several, or all, of a person's sessions. */
export interface SessionWithdrawals {
  /**
   * Ends sessions that were not to be opened, or are not to go on. Done again, it finishes an end that was cut short.
   */
  withdraw(person: Person, which: Withdrawal): Promise<void>
  /**
   * Ends all of a person's sessions but the one named, if any is.
   * @returns how many that were
   */
  revokeOthers(person: Person, keptId?: string, options?: RevokeOptions): Promise<number>
  /** Ends all of a person's sessions, for an operator. @returns how many there were */
  endAll(person: Person, by?: RequestContext): Promise<number>
  /**
   * Ends the sessions that were opened until a moment by what the account's people signed in by then, so that none is
   * good once the account is back. @param until epoch milliseconds
   */
  endOfAccount(user: User, until: number): Promise<void>
  /** As `endAll`. Once it resolves, the person can open no session in any way, until `unblock`. */
  block(person: Person, by?: RequestContext): Promise<number>
  unblock(person: Person): Promise<void>
  isBlocked(person: Person): Promise<boolean>
}

interface RevokeOptions {
  /** Left out: both. */
  kind?: Session['kind'] | undefined
  by?: RequestContext | undefined
}

/** Names one session, or a grant: only `endAll` ends all of a person's. */
export type Withdrawal = Withdrawn & { reason: string; by?: RequestContext | undefined }

type Withdrawn =
  /** Its public id. */
  | { session: string; credential?: never }
  /** Sessions signed in by it, and all that have ended already: their records do not say by what they were. */
  | { credential: string; session?: never }

interface SessionWithdrawalsOptions extends Pick<LiveSessions, 'live'> {
  clock: Clock
  records: SessionRecords
  index: Pick<SessionIndex, 'list' | 'entries'>
  blocks: PersonBlocks
  end: EndSessions
}

/** Which of a person's sessions end, and how. */
interface Ending extends EndOptions {
  isMeant: (id: string, slot: TakenSlot) => boolean
}

const ofOperator = (by: RequestContext | undefined): Ending => ({ isMeant: () => true, why: 'ended', by })

/** How often to read a list that is being ended: somebody may open sessions as fast as they end. */
const MOST_LOOKS = 4

export function createSessionWithdrawals(options: SessionWithdrawalsOptions): SessionWithdrawals {
  const { clock, records, index, blocks, end, live } = options

  /**
   * Ends those sessions of a list that are meant, also one that is about to be created: it will find its place taken.
   * @returns them, and what was there of them
   */
  async function endListed(of: string, listed: readonly IndexEntry[], { isMeant, ...how }: Ending) {
    const slots = await records.findAll(listed.map(({ id }) => id))
    const never: TakenSlot = { state: 'ended', ended: { of, isPhone: false, replacedBy: undefined } }
    const ending = listed.flatMap((entry, at): EndingSession[] => {
      const slot = slots[at]?.slot ?? (mayBeOpening(entry, clock()) ? never : undefined)
      return slot !== undefined && isMeant(entry.id, slot) ? [{ id: entry.id, slot }] : []
    })
    await end(of, ending, how)
    const meant = new Set(ending.map(({ id }) => id))
    return { ending, found: slots.filter(({ id, slot }) => slot !== undefined && meant.has(id)) }
  }

  /**
   * As `endListed`, for all that a person has. Until a phone's session has ended, a login that it approved may be
   * handed over, and its session was not in the list: so this reads the list again while there was something to end.
   */
  async function endThem(of: string, how: Ending) {
    const all: { id: string; slot: SessionSlot }[] = []
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

  const isLive = ({ id, slot }: { id: string; slot: SessionSlot }) => live(id, slot) !== undefined

  return {
    async withdraw(person, { reason, by, ...which }) {
      const of = personKeyHash(person)
      const slots = await records.findAll(await index.list(of))
      const ending = slots.flatMap(({ id, slot }): EndingSession[] =>
        slot !== undefined && isWithdrawn(id, slot, which) ? [{ id, slot }] : [],
      )
      await end(of, ending, { why: 'withdrawn', reason, by })
    },

    async revokeOthers(person, keptId, { kind, by } = {}) {
      const isMeant: Ending['isMeant'] = (id, slot) => id !== keptId && (kind === undefined || kindOf(slot) === kind)
      const ended = await endThem(personKeyHash(person), { isMeant, why: 'revoked', by })
      return ended.filter((one) => isLive(one) || one.slot?.state === 'ended').length
    },

    async endAll(person, by) {
      return (await endThem(personKeyHash(person), ofOperator(by))).filter(isLive).length
    },

    async endOfAccount(user, until) {
      const isMeant: Ending['isMeant'] = (_id, slot) =>
        slot.state === 'ended' || (slot.session.user.credential === user.credential && slot.session.createdAt <= until)
      await endThem(personKeyHash(user), { isMeant, why: 'account_ended' })
    },

    async block(person, by) {
      const of = personKeyHash(person)
      const { found } = await endListed(of, await blocks.block(of), ofOperator(by))
      return found.filter(isLive).length
    },

    unblock: (person) => blocks.unblock(personKeyHash(person)),

    isBlocked: (person) => blocks.isBlocked(personKeyHash(person)),
  }
}

function isWithdrawn(id: string, slot: TakenSlot, { session, credential }: Withdrawn): boolean {
  if (session !== undefined) return id === session
  return slot.state === 'ended' || slot.session.user.credential === credential
}
