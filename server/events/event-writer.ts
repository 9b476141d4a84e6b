import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import { type Schedule, scheduleByTimer } from '../schedule.ts'
import { withEvents } from './event-list.ts'
import type { EventRecords } from './event-records.ts'
import type { PersonEvent } from './person-event.ts'

export interface EventWriterOptions {
  records: Pick<EventRecords, 'add'>
  clock: Clock
  logger: Pick<FastifyBaseLogger, 'warn'>
  schedule?: Schedule
  /** People whose events may wait. */
  most?: number
}

/** Writes down what happened, some time after it did. */
export interface EventWriter {
  /** Takes an event to be written. Neither waits nor throws. @param of `personKeyHash` */
  write(of: string, event: PersonEvent): void
  /** Tries what is left, for a moment, and drops the rest. */
  close(): Promise<void>
}

/** So many people's at a time: however many sign in, the store is asked no more than this for records of it. */
const AT_ONCE = 4
/** Some MB: mostly one event each. */
const MOST_WAITING = 5000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
const LAST_TRY_MS = 2000

/**
 * Writes events out of the way of what happens: nobody waits for it, and it begins once the present turn of the event
 * loop is over. Where the store is away or slow, events wait, in bounds. One write a person at a time: what comes
 * meanwhile goes together.
 */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { records, clock, logger, schedule = scheduleByTimer, most = MOST_WAITING } = options
  /** Events by person, the longest waiting first, and of each no more than a list has room for. */
  const waiting = new Map<string, readonly PersonEvent[]>()
  const writing = new Set<string>()
  let failures = 0
  let isResting = false
  let isClosing = false
  let isDue = false
  /** Dropped, and not said of yet. */
  let lost = 0
  let onIdle = () => {}

  function put(of: string, events: readonly PersonEvent[]): void {
    const before = waiting.get(of)
    if (before === undefined && waiting.size >= most) lost += events.length
    else waiting.set(of, withEvents(before ?? [], events, clock()))
  }

  function goOnSoon(): void {
    if (isDue) return
    isDue = true
    setImmediate(() => {
      isDue = false
      goOn()
    })
  }

  function goOn(): void {
    for (const [of, events] of waiting) {
      if (isResting || writing.size >= AT_ONCE) break
      if (writing.has(of)) continue
      waiting.delete(of)
      void write(of, events)
    }
    if (writing.size === 0 && (waiting.size === 0 || isResting)) onIdle()
  }

  async function write(of: string, events: readonly PersonEvent[]): Promise<void> {
    writing.add(of)
    try {
      await records.add(of, events)
      onWritten()
    } catch {
      // The store's own log says what is wrong with it.
      put(of, events)
      rest()
    } finally {
      writing.delete(of)
      goOnSoon()
    }
  }

  function onWritten(): void {
    failures = 0
    sayWhatIsLost()
  }

  function sayWhatIsLost(): void {
    if (lost > 0)
      logger.warn({ dropped: lost }, "events of people's accounts are lost: the store was away or slow for long")
    lost = 0
  }

  function rest(): void {
    if (isResting) return
    isResting = true
    if (isClosing) return
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++)
    schedule(pauseMs, () => {
      isResting = false
      goOn()
    })
  }

  return {
    write(of, event) {
      if (isClosing) return
      put(of, [event])
      goOnSoon()
    },

    async close() {
      isClosing = true
      isResting = false
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve
        goOn()
      })
      let giveUp = () => {}
      const late = new Promise<void>((resolve) => {
        giveUp = schedule(LAST_TRY_MS, resolve)
      })
      await Promise.race([idle, late])
      giveUp()
      for (const events of waiting.values()) lost += events.length
      sayWhatIsLost()
    },
  }
}
