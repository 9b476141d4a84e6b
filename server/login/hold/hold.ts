import type { Client } from '../../http/shortcut/shortcut.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { LoginRecords } from '../login-records.ts'
import type { Token } from '../token.ts'
import type { Closing } from './closing.ts'
import { type CoarseTimer, createCoarseTimers } from './coarse-timers.ts'

/** Who polls, and of which login. */
export interface Asker {
  readonly token: Token
}

/** How long a poll may be held: while the state is still the one that it names. */
export interface HoldRequest {
  seen: string | undefined
  waitMs: number
  client: Client
}

export interface HoldOptions<Who extends Asker, Known, Answer> {
  records: Pick<LoginRecords, 'readStored' | 'watch'>
  /** What a record means to the asker, or that there is none. */
  recognise: (record: StoredRecord | undefined, asker: Who) => Known
  /** For how many milliseconds `known` needs no reply to an asker that has `seen` this status; 0: reply at once. */
  patienceFor: (known: Known, seen: string | undefined) => number
  /** Whether a notice is older than what was read, so that the record is read again: notices may be late. */
  isOld: (news: Known, read: Known) => boolean
  /** What the asker is told of it in the end. May throw. */
  tell: (known: Known, asker: Who) => Answer | Promise<Answer>
  /** Ends every hold at once. */
  closing: Closing
  /** Kept up to date. */
  tally?: HoldTally | undefined
}

/** Polls that were asked, those of them that were held, and those that are held or read for at this moment. */
export interface HoldTally {
  polls: number
  held: number
  waiting: number
}

export const holdTally = (): HoldTally => ({ polls: 0, held: 0, waiting: 0 })

export type Hold<Who extends Asker, Answer> = (asker: Who, request: HoldRequest) => Promise<Answer>

/**
 * Thousands of these exist at once, and the garbage collector copies all that each keeps. So a wait is one object with
 * one function for all that can end it, and keeps nothing of the request but the client to answer.
 */
interface Wait<Who, Known, Answer> {
  readonly asker: Who
  readonly seen: string | undefined
  readonly client: Client
  /** By `performance.now()`. */
  readonly endsAt: number
  readonly resolve: (answer: Answer | Promise<Answer>) => void
  readonly reject: (error: unknown) => void
  readonly wake: (news?: StoredRecord) => void
  stopWatching: () => void
  timer: CoarseTimer
  /** What is known so far. */
  known: Known | typeof READING
  /** Woken while reading: what is being read may be old. */
  isStale: boolean
}

const READING = Symbol('reading')
const NO_TIMER: CoarseTimer = 0
const watchesNothing = () => undefined

/**
 * Reads a login and, while there is nothing new to reply, waits for a change, `waitMs`, the client's end or the
 * process's. Watching starts before the read, so no change falls in between. If a notice is lost all the same, the read
 * at the end of the wait finds the change.
 */
export function createHold<Who extends Asker, Known, Answer>(
  options: HoldOptions<Who, Known, Answer>,
): Hold<Who, Answer> {
  type ThisWait = Wait<Who, Known, Answer>
  const { records, recognise, patienceFor, isOld, tell, closing, tally = holdTally() } = options
  const timers = createCoarseTimers()
  closing.onCome(timers.fireAll)

  function readAndWait(asker: Who, { seen, waitMs, client }: HoldRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const wait: ThisWait = {
        asker,
        seen,
        client,
        endsAt: performance.now() + waitMs,
        resolve,
        reject,
        wake: (news) => wakeUp(wait, news),
        stopWatching: watchesNothing,
        timer: NO_TIMER,
        known: READING,
        isStale: false,
      }
      tally.waiting++
      wait.stopWatching = records.watch(asker.token.loginId, wait.wake)
      client.on('close', wait.wake)
      readAgain(wait)
    })
  }

  function readAgain(wait: ThisWait): void {
    wait.known = READING
    wait.isStale = false
    records
      .readStored(wait.asker.token.loginId)
      .then((record) => judge(wait, recognise(record, wait.asker)))
      .catch((error) => {
        letGo(wait)
        wait.reject(error)
      })
  }

  function wakeUp(wait: ThisWait, news: StoredRecord | undefined): void {
    if (wait.known === READING) wait.isStale = true
    else if (news !== undefined) hear(wait, recognise(news, wait.asker), wait.known)
    else if (isGivenUp(wait)) finish(wait, wait.known)
    // Also when the wait's time is over: a notice may have been lost.
    else readAgain(wait)
  }

  function hear(wait: ThisWait, news: Known, read: Known): void {
    if (isOld(news, read)) readAgain(wait)
    else judge(wait, news)
  }

  function judge(wait: ThisWait, known: Known): void {
    wait.known = known
    const patienceMs = Math.min(patienceFor(known, wait.seen), wait.endsAt - performance.now())
    if (patienceMs <= 0 || isGivenUp(wait)) finish(wait, known)
    else if (wait.isStale) readAgain(wait)
    else {
      if (wait.timer === NO_TIMER) tally.held++
      timers.clear(wait.timer, wait.wake)
      wait.timer = timers.set(wait.wake, patienceMs)
    }
  }

  function isGivenUp({ client }: ThisWait): boolean {
    return closing.hasCome || client.destroyed
  }

  function finish(wait: ThisWait, known: Known): void {
    letGo(wait)
    try {
      wait.resolve(tell(known, wait.asker))
    } catch (error) {
      wait.reject(error)
    }
  }

  function letGo({ stopWatching, timer, wake, client }: ThisWait): void {
    tally.waiting--
    stopWatching()
    timers.clear(timer, wake)
    client.off('close', wake)
  }

  return (asker, request) => {
    tally.polls++
    return request.waitMs > 0
      ? readAndWait(asker, request)
      : records.readStored(asker.token.loginId).then((record) => tell(recognise(record, asker), asker))
  }
}
