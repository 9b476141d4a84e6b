import type { Clock } from '../clock.ts'
import type { AnyContext } from '../http/request-context.ts'
import { createTelling } from '../news/telling.ts'
import type { FollowUps } from '../store/follow-ups.ts'
import { inBatches } from '../store/in-batches.ts'
import type { IdentifiedSession } from './session.ts'
import type { SessionIndex } from './session-index.ts'
import type { EndReason, OnSessionNews, SessionChange } from './session-news.ts'
import { kindOf, type SessionRecords, sessionIn, type TakenSlot } from './session-records.ts'

/**
 * Called, and waited for, when a phone's session has ended and before anybody is told so: what it approved and is not
 * handed over is to be denied, and what it scanned, unless that is kept for the person's next session.
 */
export type OnPhoneEnd = (
  sessionId: string,
  how: { keepScanned: boolean; by?: AnyContext | undefined },
) => Promise<void>

interface SessionEndsOptions {
  clock: Clock
  followUps: FollowUps
  records: SessionRecords
  index: Pick<SessionIndex, 'remove'>
  onPhoneEnd: OnPhoneEnd
  /** Told what happens to sessions, each thing once. */
  onNews?: OnSessionNews | undefined
}

/** A session that is to end, or that has ended and may not be done with. */
export interface EndingSession {
  id: string
  slot: TakenSlot
}

export interface EndOptions {
  /** Left out: nobody was ever signed in by it, and nobody is told. */
  why?: EndReason
  /** With `withdrawn`. */
  reason?: string | undefined
  /** The request that it is asked for by. */
  by?: AnyContext | undefined
  keepScanned?: boolean
  /** The login whose hand-over replaces the session, or makes it one too many. */
  replacedBy?: string | undefined
  /** Ids that are in the list but have no session: they leave the list with the others. */
  gone?: readonly string[]
}

/**
 * Ends sessions of one person. Cut short at any point, it can be done again. Rejects with `store_unavailable`.
 * @param of whose they are: `personKeyHash`
 */
export type EndSessions = (of: string, ending: readonly EndingSession[], options?: EndOptions) => Promise<void>

/** So many of each step are under way at once: a thousand take some ten round trips for each step. */
const AT_ONCE = 100

/**
 * Once this resolves, no session is handed over that an ended one approved. A hand-over checks that the session that
 * approved is good, opens the new one, which nobody has yet, and marks its login delivered, in that order. If it checks
 * after the end is written, it stops. If it checked before, its login is either not delivered yet, and is denied here,
 * or was delivered before the end. The list comes last: a session stays in it until all of this is done.
 */
export function createEndSessions(options: SessionEndsOptions): EndSessions {
  const { records, index, onPhoneEnd, onNews = () => undefined } = options
  const ends = createTelling<SessionChange>({ ...options, onNews })

  const hasEnded = async (id: string) => sessionIn(await records.find(id)) === undefined

  async function endOne(
    of: string,
    { id, slot }: EndingSession,
    { why, reason, by, replacedBy }: EndOptions,
  ): Promise<void> {
    // What has ended is written again: the first try may have reached no replica.
    if (slot.state === 'ended') return void (await records.end(id, slot.ended, () => undefined))
    const { session } = slot
    const news = why && { type: why, id, session, by, ...(reason === undefined ? {} : { reason }) }
    const name = `ended:${id}`
    const onUncertain = () => news && ends.tellUncertain(name, news, () => hasEnded(id))
    const isEnded = await records.end(id, { of, replacedBy, isPhone: isPhone(slot) }, onUncertain)
    if (isEnded && news !== undefined) ends.tellCertain(name, news)
  }

  return async (of, ending, how = {}) => {
    const { keepScanned = false, by, gone = [] } = how
    await inBatches(ending, AT_ONCE, (each) => endOne(of, each, how))
    const phones = ending.filter(({ slot }) => isPhone(slot))
    await inBatches(phones, AT_ONCE, ({ id }) => onPhoneEnd(id, { keepScanned, by }))
    const unlisted = [...ending.map(({ id }) => id), ...gone]
    if (unlisted.length > 0) await index.remove(of, unlisted)
  }
}

export function endingOf({ id, session }: IdentifiedSession): EndingSession {
  return { id, slot: { state: 'open', session } }
}

function isPhone(slot: TakenSlot): boolean {
  return kindOf(slot) === 'phone'
}
