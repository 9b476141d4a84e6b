import type { Closing } from './closing.ts'
import { type CoarseTimer, createCoarseTimers } from './coarse-timers.ts'

/** Who waits: Node's request is one. Closed, there is nobody to answer. */
export interface Client {
  readonly destroyed: boolean
  on(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** How long a poll may be held: while the state is still the one that it names. */
export interface HoldRequest {
  seen: string | undefined
  waitMs: number
  client: Client
}

export interface HoldOptions<Subject, Value> {
  read: (subject: Subject) => Promise<Value>
  /** Calls back when `read` may answer something new; with that, if it is known. A notice may be lost. @returns stops that */
  watch: (subject: Subject, onChange: (news?: Value) => void) => () => void
  /** Milliseconds for which this value is not worth a reply to who has `seen` it; 0: reply at once. */
  patienceFor: (value: Value, seen: string | undefined) => number
  /** Ends every hold at once. */
  closing: Closing
}

export type Hold<Subject, Value> = (subject: Subject, request: HoldRequest) => Promise<Value>

/**
 * Reads, and while what was read is not worth a reply, waits: for a change, `waitMs`, the client's end or the process's.
 * One read is enough when nothing changes: watching starts before it, so no change falls in between.
 *
 * Thousands wait at once, and what each keeps is what the garbage collector copies: one promise, a handful of functions
 * over one scope, and `wake` for all that can end a wait.
 */
export function createHold<Subject, Value>(options: HoldOptions<Subject, Value>): Hold<Subject, Value> {
  const { read, watch, patienceFor, closing } = options
  const timers = createCoarseTimers()
  closing.onCome(timers.fireAll)

  function readAndWait(subject: Subject, { seen, waitMs, client }: HoldRequest): Promise<Value> {
    return new Promise((resolve, reject) => {
      const end = performance.now() + waitMs
      let timer: CoarseTimer = 0
      let isReading = false
      /** Woken while reading: what is being read may be old. */
      let isStale = false
      let latest: Value
      const stopWatching = watch(subject, hear)
      client.on('close', wake)
      readAgain()

      function hear(news?: Value): void {
        if (news === undefined || isReading) wake()
        else judge(news)
      }

      function wake(): void {
        if (isReading) isStale = true
        else if (isOver()) finish()
        else readAgain()
      }

      function readAgain(): void {
        isReading = true
        isStale = false
        read(subject).then(judge, fail)
      }

      function judge(value: Value): void {
        isReading = false
        latest = value
        const patience = Math.min(patienceFor(value, seen), end - performance.now())
        if (patience <= 0 || isOver()) finish()
        else if (isStale) readAgain()
        else {
          timers.clear(timer, wake)
          timer = timers.set(wake, patience)
        }
      }

      function isOver(): boolean {
        return closing.hasCome || client.destroyed || performance.now() >= end
      }

      function finish(): void {
        letGo()
        resolve(latest)
      }

      function fail(error: unknown): void {
        letGo()
        reject(error)
      }

      function letGo(): void {
        stopWatching()
        timers.clear(timer, wake)
        client.off('close', wake)
      }
    })
  }

  return (subject, request) => (request.waitMs > 0 ? readAndWait(subject, request) : read(subject))
}
