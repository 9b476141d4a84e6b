import type { FastifyBaseLogger } from 'fastify'
import { type Clock, iso, isWithin } from '../clock.ts'
import type { Randomness } from '../randomness.ts'
import { type Schedule, scheduleByTimer } from '../schedule.ts'
import type { AuditEvent } from './audit-event.ts'
import { type Answer, postWebhook, type WebhookMessage, type WebhookTarget } from './webhook-request.ts'

export interface WebhooksOptions extends WebhookTarget {
  clock: Clock
  randomness: Randomness
  logger: Pick<FastifyBaseLogger, 'warn' | 'info'>
  schedule?: Schedule
  /** How many may wait. */
  most?: number
}

export interface WebhookCounts {
  delivered: number
  failedTries: number
  dropped: number
}

export interface Webhooks {
  /** Takes an event to be sent. Neither waits nor throws. */
  send(event: AuditEvent): void
  counts: Readonly<WebhookCounts>
  /** Not delivered and not dropped yet. */
  waiting(): number
  /** Tries what is left once more, for a moment, and drops the rest. */
  close(): Promise<void>
}

interface Waiting extends WebhookMessage {
  /** Failures, and events without a person: strangers can make as many as they like. */
  isAnybodys: boolean
  /** Epoch milliseconds. */
  since: number
  tries: number
}

type Trouble = 'drops' | 'failures'

/** Some 10 MB. */
const MOST_WAITING = 10_000
const AT_ONCE = 8
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 300_000
const LONGEST_WAIT_MS = 3_600_000
const LAST_TRY_MS = 2000
const SAID_EVERY_MS = 60_000

/**
 * Sends audit events, each until it is taken: after a second, two, four and so on, up to five minutes, for an hour. They wait
 * in memory and in bounds: what is too much is dropped, first of all what strangers can cause at will, and counted. Their
 * order is that of their timestamps, not that of their arrival.
 */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { clock, randomness, logger, schedule = scheduleByTimer, most = MOST_WAITING } = options
  const counts = { delivered: 0, failedTries: 0, dropped: 0 }
  /** People's events go first: whoever floods sign-ins would else hold back the mail that tells of it. */
  const due = { people: [] as Waiting[], anybody: [] as Waiting[] }
  const resting = new Map<Waiting, () => void>()
  const closing = new AbortController()
  let trying = 0
  let isClosing = false
  /** Dropped, and not said of yet. */
  let lost = 0
  /** The troubles that the log has told of, but not yet the end of. */
  const said = new Set<Trouble>()
  // Each is said once a minute at the most, and not for each webhook where only every other one is taken.
  const saidAt = { drops: Number.NEGATIVE_INFINITY, failures: Number.NEGATIVE_INFINITY }
  const isQuiet = (what: Trouble) => isWithin(SAID_EVERY_MS, saidAt[what], clock())
  let onIdle = () => {}

  const waiting = () => due.people.length + due.anybody.length + resting.size + trying

  function queue(message: Waiting): void {
    due[message.isAnybodys ? 'anybody' : 'people'].push(message)
  }

  function say(what: Trouble, why: string, words: string): void {
    if (said.has(what) || said.has('drops') || isQuiet(what)) return
    saidAt[what] = clock()
    said.add(what)
    logger.warn({ why }, words)
  }

  function drop(why: string): void {
    counts.dropped++
    lost++
    say('drops', why, 'webhooks are dropped')
  }

  function noteFailure(why: string): void {
    counts.failedTries++
    say('failures', why, 'a webhook was not taken: it is tried again')
  }

  function noteDelivery(): void {
    counts.delivered++
    if (said.size === 0 && (lost === 0 || isQuiet('drops'))) return
    logger.info({ dropped: lost }, 'webhooks are taken again')
    said.clear()
    lost = 0
  }

  function settle(message: Waiting, answer: Answer): void {
    if (answer.kind === 'taken') noteDelivery()
    else if (answer.kind === 'gone') drop(answer.why)
    else keep(message, answer.why)
  }

  function keep(message: Waiting, why: string): void {
    noteFailure(why)
    const pauseMs = pauseAfter(message.tries, randomness)
    if (isClosing) drop('the process ends')
    else if (clock() + pauseMs - message.since > LONGEST_WAIT_MS) drop('it was not taken for too long')
    else
      resting.set(
        message,
        schedule(pauseMs, () => wake(message)),
      )
  }

  function wake(message: Waiting): void {
    resting.delete(message)
    queue(message)
    tryDue()
  }

  async function attempt(message: Waiting): Promise<void> {
    trying++
    message.tries++
    const answer = await postWebhook(options, message, clock(), closing.signal)
    trying--
    settle(message, answer)
    tryDue()
  }

  function tryDue(): void {
    while (trying < AT_ONCE) {
      const next = due.people.shift() ?? due.anybody.shift()
      if (next === undefined) break
      void attempt(next)
    }
    if (waiting() === 0) onIdle()
  }

  return {
    counts,
    waiting,
    send(event) {
      // Half of the room is kept for what people did.
      const isAnybodys = event.outcome === 'failure' || event.person === undefined
      const room = isAnybodys ? most / 2 : most
      if (isClosing || waiting() >= room) {
        drop(isClosing ? 'the process ends' : 'too many wait')
        return
      }
      const since = clock()
      const body = { type: event.audit, timestamp: iso(since), data: event }
      queue({ id: `msg_${randomness.text(21)}`, body: JSON.stringify(body), isAnybodys, since, tries: 0 })
      tryDue()
    },

    async close() {
      isClosing = true
      for (const [message, forget] of resting) {
        forget()
        queue(message)
      }
      resting.clear()
      const forget = schedule(LAST_TRY_MS, () => {
        for (const _left of [...due.people.splice(0), ...due.anybody.splice(0)]) drop('the process ends')
        closing.abort()
        tryDue()
      })
      await new Promise<void>((resolve) => {
        onIdle = resolve
        tryDue()
      })
      forget()
      if (lost) logger.warn({ dropped: lost }, 'webhooks were dropped')
    },
  }
}

/** Twice as long each time, and anywhere in its second half: many who failed at once do not come back at once. */
function pauseAfter(tries: number, randomness: Randomness): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1))
  return longest * (0.5 + Number(randomness.digits(3)) / 2000)
}
