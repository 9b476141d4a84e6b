import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import { inBatches } from '../store/in-batches.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import type { User } from './identity.ts'
import { personKey } from './person-key.ts'

/** An account whose sessions are over. One that was disabled may be removed later: those are two ends. */
export interface AccountEnd {
  user: User
  why: 'removed' | 'disabled' | 'new_password'
}

export type OnAccountEnd = (end: AccountEnd) => void

/**
 * How the accounts file says something else of an account than before, as this process has just read.
 * `disabled_before`: it was disabled when the process first read the file, and nobody knows whether that was told.
 */
export type AccountNews = AccountEnd | { user: User; why: 'back' } | { user: User; why: 'disabled_before' }

export type OnAccountNews = (news: readonly AccountNews[]) => void

interface EndsToldOnceOptions {
  store: RecordStore
  clock: Clock
  logger: Pick<FastifyBaseLogger, 'error'>
  onEnd: OnAccountEnd
}

/** Instances may read a file that is carried to each of them some time apart: at the most so long. */
export const READ_APART_MS = 3_600_000
const AT_ONCE = 100

/**
 * Tells of each end once: every instance reads the accounts file, and the first on a store that reads of an end tells
 * it. An account that came back can end anew. Where the store does not answer, an end is told rather than not.
 */
export function tellEndsOnce({ store, clock, logger, onEnd }: EndsToldOnceOptions): OnAccountNews {
  let turn = Promise.resolve()

  /**
   * Notes that an end is told. After a removal no other end is told, even where one is read of late.
   * @returns `false`: another instance has told it
   */
  function claimTelling({ user, why }: AccountEnd): Promise<boolean> {
    return updateRecord<boolean>(store, keyOf(user), (told) => {
      if (told === why || told === 'removed') return { result: false }
      return { next: { value: why, expiresAt: clock() + READ_APART_MS }, result: true }
    })
  }

  async function note(news: AccountNews): Promise<void> {
    if (news.why === 'disabled_before') return
    try {
      if (news.why === 'back') await store.remove(keyOf(news.user))
      else if (!(await claimTelling(news))) return
    } catch {
      // Without the store, every instance tells it.
    }
    if (news.why !== 'back') tell(news)
  }

  /** A listener that fails on one end keeps no other from being told. */
  function tell(end: AccountEnd): void {
    try {
      onEnd(end)
    } catch (error) {
      logger.error({ err: error }, 'not all were told that an account ended')
    }
  }

  // One after the other, also where an account goes and comes back faster than the store answers.
  return (all) => {
    turn = turn.then(() => inBatches(all, AT_ONCE, note))
  }
}

/** By the credential too: with another password, it is another end. */
function keyOf(user: User): string {
  return `ended:${hashSecret(JSON.stringify([personKey(user), user.credential]))}`
}
