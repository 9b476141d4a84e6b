import type { FastifyBaseLogger } from 'fastify'
import { ScanInError } from '../errors.ts'
import { reasonOf } from '../http/fetch-reason.ts'
import { createQueues } from '../http/queues.ts'
import type { Person } from '../identity/person-key.ts'
import { RETRY_PAUSES_MS, type Schedule, scheduleByTimer } from '../schedule.ts'
import { subOf } from './claims.ts'
import type { CurrentProvider } from './provider.ts'
import type { ToldClients } from './told-clients.ts'

export interface BackChannelLogoutOptions {
  told: ToldClients
  logger: Pick<FastifyBaseLogger, 'warn'>
  provider: CurrentProvider
  schedule?: Schedule
}

/** Tells applications that a session has ended (OpenID Connect Back-Channel Logout 1.0). */
export interface BackChannelLogout {
  /** Neither waits nor throws. */
  tell(sessionId: string, person: Person): void
  /** Tries no more. */
  close(): void
}

/** Their tokens are over in any case: what is too much is dropped. */
const MOST_WAITING = 1000

/** Posts to one application that are under way. An end of all sessions of many people is no flood, and one that hangs is waited for by itself. */
const AT_ONCE = 8

/** What the types of the library leave out. */
interface ToldClient {
  backchannelLogoutUri?: string
  backchannelLogout(sub: string, sid: string): Promise<void>
}

export function createBackChannelLogout(options: BackChannelLogoutOptions): BackChannelLogout {
  const { told, logger, provider, schedule = scheduleByTimer } = options
  const waiting = new Set<() => void>()
  const posts = createQueues({
    atOnce: AT_ONCE,
    mostWaiting: MOST_WAITING,
    refusal: () => new ScanInError('overloaded', { cause: new Error('too many of its answers are waited for') }),
  })
  let isClosed = false

  async function tellOne(clientId: string, sid: string, sub: string, tries: number): Promise<void> {
    try {
      const client = (await (await provider()).Client.find(clientId)) as ToldClient | undefined
      if (client?.backchannelLogoutUri === undefined) return
      await posts(clientId, async () => {
        if (!isClosed) await client.backchannelLogout(sub, sid)
      })
    } catch (error) {
      const why = whyNotTold(error)
      const isGivenUp = !isTriedAgain(tries, () => tellOne(clientId, sid, sub, tries + 1))
      logger.warn({ client: clientId, session: sid, why, isGivenUp }, 'an application was not told of a sign-out')
    }
  }

  function isTriedAgain(tries: number, again: () => Promise<void>): boolean {
    // An application, or a store, that is being started again is no reason to be told nothing.
    const pause = RETRY_PAUSES_MS[tries]
    if (pause === undefined || isClosed || waiting.size >= MOST_WAITING) return false
    later(pause, again)
    return true
  }

  function later(pause: number, again: () => Promise<void>): void {
    const forget = schedule(pause, () => {
      waiting.delete(forget)
      void again()
    })
    waiting.add(forget)
  }

  async function tellAll(sessionId: string, person: Person, tries: number): Promise<void> {
    try {
      const clients = await told.take(sessionId)
      await Promise.all(clients.map((clientId) => tellOne(clientId, sessionId, subOf(person), 0)))
    } catch (error) {
      const isGivenUp = !isTriedAgain(tries, () => tellAll(sessionId, person, tries + 1))
      logger.warn({ session: sessionId, err: error, isGivenUp }, 'applications were not told of a sign-out')
    }
  }

  return {
    tell(sessionId, person) {
      void tellAll(sessionId, person, 0)
    },

    close() {
      isClosed = true
      for (const forget of waiting) forget()
      waiting.clear()
    },
  }
}

/** What the library says of a refusal has the whole address in it. */
function whyNotTold(error: unknown): string {
  const { response } = Object(error) as { response?: { status?: unknown } }
  return response === undefined ? reasonOf(error) : `it answers ${response.status}`
}
