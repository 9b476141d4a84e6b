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
 * An account of which the accounts file says something else than before, as this process has just read in it.
 * `disabled_before`: it was disabled as the process began to read, and who told of that, if anybody did, is not known.
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
 * Every instance reads the accounts file: of those that share a store, the first that reads of an end tells it. An account
 * that is back ends anew. What the store cannot say is told rather than not.
 */
export function tellEndsOnce({ store, clock, logger, onEnd }: EndsToldOnceOptions): OnAccountNews {
  let turn = Promise.resolve()

  /**
   * Notes that it is told. Who is removed has no other end to come, also where it is read of late.
   * @returns whether nobody else has
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
      // It is told, by each.
    }
    if (news.why !== 'back') tell(news)
  }

  /** Whoever hears of one end and fails keeps no other from being told. */
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

/** With another password it is another end. */
function keyOf(user: User): string {
  return `ended:${hashSecret(JSON.stringify([personKey(user), user.credential]))}`
}
