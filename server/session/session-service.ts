import type { Clock } from '../clock.ts'
import type { CurrentPerson, Revalidate } from '../identity/identity.ts'
import type { Schedule } from '../schedule.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type ApplicationEntries, createApplicationEntries } from './application-entries.ts'
import { createPersonBlocks } from './person-blocks.ts'
import { createPersonRecords } from './person-records.ts'
import { createPersonSessions, type PersonSessions } from './person-sessions.ts'
import { createEndSessions, type OnPhoneEnd } from './session-ends.ts'
import { createSessionIndex } from './session-index.ts'
import { createSessionListing } from './session-listing.ts'
import type { OnSessionNews } from './session-news.ts'
import { createSessionOpening, type SessionOpening, type SessionPolicy } from './session-opening.ts'
import { createSessionRecords } from './session-records.ts'
import { createSessionRemembering, type SessionRemembering } from './session-remembering.ts'
import { createSessionUse, type SessionUse } from './session-use.ts'
import { createSessionWithdrawals, type SessionWithdrawals } from './session-withdrawals.ts'
import { createTokenActivity, type TokenActivity } from './token-activity.ts'

interface SessionServiceOptions {
  store: RecordStore
  clock: Clock
  policy: SessionPolicy
  /** How long a login may lead to its session once it is approved. */
  openingMs: number
  currentPerson: CurrentPerson
  /** Called, and waited for, when a session that a login handed out is used for the first time. */
  onFirstUse: (loginId: string) => Promise<void>
  onPhoneEnd: OnPhoneEnd
  /** Asked at each use of a session whose person is of the team's provider. Left out: there is no such provider. */
  revalidate?: Revalidate | undefined
  /** Told what happens to sessions, each thing once. */
  onNews?: OnSessionNews | undefined
  /** Of what is to be tried again. */
  schedule?: Schedule | undefined
}

/**
 * Who is signed in where. Whatever reads or ends sessions rejects with `store_unavailable` when the store does. That a
 * use, or a shown token, could not be noted makes nothing fail.
 */
export interface SessionService
  extends SessionOpening,
    SessionUse,
    SessionRemembering,
    PersonSessions,
    SessionWithdrawals,
    ApplicationEntries {
  /** Notes a good token that a native app has shown: the person's sessions go on by it, with the names in it. */
  noteShownToken: TokenActivity['note']
}

export function createSessionService(options: SessionServiceOptions): SessionService {
  const people = createPersonRecords(options)
  const index = createSessionIndex({ people })
  const records = createSessionRecords(options)
  const followUps = createFollowUps(options.schedule)
  const end = createEndSessions({ ...options, followUps, records, index })
  const tokenActivity = createTokenActivity({ ...options, people })
  const listing = createSessionListing({ records, index, end })
  const parts = { ...options, followUps, records, people, index, end, listing, tokenActivity }
  const { live, find, use, ...usingSessions } = createSessionUse(parts)

  return {
    ...createSessionOpening(parts),
    ...usingSessions,
    ...createSessionRemembering(parts),
    ...createPersonSessions({ ...parts, live, find }),
    ...createSessionWithdrawals({ ...parts, blocks: createPersonBlocks({ people }), live }),
    ...createApplicationEntries({ ...parts, find, use }),
    noteShownToken: tokenActivity.note,
  }
}
