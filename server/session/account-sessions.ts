import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import { isTransient } from '../errors.ts'
import type { OnAccountNews } from '../identity/account-news.ts'
import type { User } from '../identity/identity.ts'
import { personKey } from '../identity/person-key.ts'
import { type Schedule, scheduleByTimer } from '../schedule.ts'
import { inBatches } from '../store/in-batches.ts'

interface AccountSessionsOptions {
  clock: Clock
  logger: Pick<FastifyBaseLogger, 'error'>
  /** Ends what the account opened until then. May be done again. Rejects with `store_unavailable`, `overloaded`. */
  end: (user: User, until: number) => Promise<void>
  /** Runs the retries. */
  schedule?: Schedule
}

/** Ends the stored sessions of accounts that are no longer good. */
export interface AccountSessions {
  hear: OnAccountNews
  /** What is not done by then is left. */
  close(): void
}

const AGAIN_MS = 5000
const AT_ONCE = 10

/**
 * An account that is no longer good is refused wherever the accounts file has been read, whatever the store has. But
 * its sessions would be good again once the account is back: so every instance that reads of the end also ends them in
 * the store, and goes on trying while the store is away. That several do so does no harm.
 */
export function createAccountSessions(options: AccountSessionsOptions): AccountSessions {
  const { clock, logger, end, schedule = scheduleByTimer } = options
  /** Until when each account was good, by its person and what they signed in by. */
  const pending = new Map<string, { user: User; until: number }>()
  let turn = Promise.resolve()
  let forget = () => {}
  let isOpen = true

  async function endOne([key, leaver]: [string, { user: User; until: number }]): Promise<void> {
    try {
      await end(leaver.user, leaver.until)
    } catch (error) {
      if (isTransient(error)) return
      logger.error({ err: error }, 'the sessions of an account that ended are left as they are')
    }
    if (pending.get(key) === leaver) pending.delete(key)
  }

  async function endAll(): Promise<void> {
    forget()
    if (!isOpen) return
    await inBatches([...pending], AT_ONCE, endOne)
    if (isOpen && pending.size > 0) forget = schedule(AGAIN_MS, begin)
  }

  function begin(): void {
    turn = turn.then(endAll)
  }

  return {
    hear(news) {
      for (const { user, why } of news) {
        if (why !== 'back') pending.set(keyOf(user), { user, until: clock() })
      }
      if (pending.size > 0) begin()
    },
    close() {
      isOpen = false
      forget()
    },
  }
}

function keyOf(user: User): string {
  return JSON.stringify([personKey(user), user.credential])
}
