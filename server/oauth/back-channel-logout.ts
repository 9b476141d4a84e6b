import type { FastifyBaseLogger } from 'fastify'
import { ScanInError } from '../errors.ts'
import { reasonOf } from '../http/fetch-reason.ts'
import type { Person } from '../identity/person-key.ts'
import { createQueues } from '../queues.ts'
import { RETRY_PAUSES_MS, type Schedule, scheduleByTimer } from '../schedule.ts'
import { subOf } from './claims.ts'
import type { CurrentProvider } from './provider.ts'
import type { ToldClients } from './told-clients.ts'

interface BackChannelLogoutOptions {
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

/** Per application, and for the store. Beyond it posts are dropped: the tokens are over in any case. */
const MOST_WAITING = 1000
/** How long a post waits for its turn. Nobody waits for it. */
const LONGEST_TURN_MS = 600_000
const OF_STORE = ''

/**
 * Posts to one application at a time: the end of many people's sessions is no flood, and an application that hangs
 * delays only its own.
 */
const AT_ONCE = 8

/** What the types of the library leave out. */
interface ToldClient {
  backchannelLogoutUri?: string
  backchannelLogout(sub: string, sid: string): Promise<void>
}

export function createBackChannelLogout(options: BackChannelLogoutOptions): BackChannelLogout {
  const { told, logger, provider, schedule = scheduleByTimer } = options
  /** What is tried later, by the application that did not take it. */
  const waiting = new Map<string, Set<() => void>>()
  const posts = createQueues({
    atOnce: AT_ONCE,
    mostWaiting: MOST_WAITING,
    refusal: () => overloaded('too many of its answers are waited for'),
  })
  let isClosed = false

  async function tellOne(clientId: string, sid: string, sub: string, tries: number): Promise<void> {
    try {
      const client = (await (await provider()).Client.find(clientId)) as ToldClient | undefined
      if (client?.backchannelLogoutUri === undefined) return
      const post = async () => {
        if (isClosed) throw overloaded('the process ends')
        await client.backchannelLogout(sub, sid)
      }
      await posts(clientId, post, performance.now() + LONGEST_TURN_MS)
    } catch (error) {
      const why = whyNotTold(error)
      const isGivenUp = !scheduleRetry(clientId, tries, () => tellOne(clientId, sid, sub, tries + 1))
      logger.warn({ client: clientId, session: sid, why, isGivenUp }, 'an application was not told of a sign-out')
    }
  }

  /** @returns whether it is tried again: not after too many tries, or where too much waits already */
  function scheduleRetry(name: string, tries: number, again: () => Promise<void>): boolean {
    // While an application or the store restarts, its post waits, and is not lost.
    const pause = RETRY_PAUSES_MS[tries]
    const others = waiting.get(name) ?? new Set()
    if (pause === undefined || isClosed || others.size >= MOST_WAITING) return false
    waiting.set(name, others)
    const forget = schedule(pause, () => {
      others.delete(forget)
      void again()
    })
    others.add(forget)
    return true
  }

  async function tellAll(sessionId: string, person: Person, tries: number): Promise<void> {
    try {
      const clients = await told.take(sessionId)
      await Promise.all(clients.map((clientId) => tellOne(clientId, sessionId, subOf(person), 0)))
    } catch (error) {
      const isGivenUp = !scheduleRetry(OF_STORE, tries, () => tellAll(sessionId, person, tries + 1))
      logger.warn({ session: sessionId, err: error, isGivenUp }, 'applications were not told of a sign-out')
    }
  }

  return {
    tell(sessionId, person) {
      void tellAll(sessionId, person, 0)
    },

    close() {
      isClosed = true
      for (const others of waiting.values()) for (const forget of others) forget()
      waiting.clear()
    },
  }
}

function overloaded(why: string): ScanInError {
  return new ScanInError('overloaded', { cause: new Error(why) })
}

/** The library's own message would put the application's whole address into the log. */
function whyNotTold(error: unknown): string {
  const { response } = Object(error) as { response?: { status?: unknown } }
  return response === undefined ? reasonOf(error) : `it answers ${response.status}`
}
