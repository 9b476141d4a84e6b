import { NotWrittenError } from './not-written.ts'
import { StoreError } from './store-error.ts'

interface CircuitBreakerOptions {
  /** Asks for next to nothing, to see whether there is an answer. */
  probe: () => PromiseLike<unknown>
  /** The text of the error where the server does not answer. */
  silence?: string
  /** Silence after which a server is taken to hang. */
  hangsAfterMs?: number
  /** How long a question is waited for. */
  giveUpAfterMs?: number
}

/**
 * Limits how long a server is waited for. Each question has its own end, counted from when it was asked. Once the
 * server is known to hang, no question waits at all: a caller that asks many in a row would wait for each of them.
 */
export interface CircuitBreaker {
  ask<T>(question: () => PromiseLike<T>): Promise<T>
  /** For a question that may rightly take longer than a hanging server is waited for: its silence proves nothing. */
  askForLong<T>(question: () => PromiseLike<T>): Promise<T>
  /** How much of what may be asked at a time is unanswered: 0 to 1. */
  use(): number
}

interface Question {
  /** Ticks when it was asked. */
  since: number
  isProof: boolean
  fail: (error: Error) => void
}

/**
 * Time is counted in ticks: none pass while this process does not get to run, so that the server is not blamed for
 * answers that this process has not read yet.
 */
const TICK_MS = 100
/**
 * A server that is silent for so long is taken to hang, until it answers a probe in less. If it had to answer faster
 * than that, a slow server that was too slow once would be refused for as long as it is slow.
 */
const HANGS_AFTER_MS = 700
/** No question is waited for longer than this. */
const GIVE_UP_AFTER_MS = 2000
/** Polls come by the thousand, but share questions. With more than this unanswered, the server does not keep up. */
const MOST_QUESTIONS = 10_000
const SILENCE = 'Command timed out: nothing is heard of the server'

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { probe, silence = SILENCE, hangsAfterMs = HANGS_AFTER_MS, giveUpAfterMs = GIVE_UP_AFTER_MS } = options
  const hangingTicks = hangsAfterMs / TICK_MS
  const lastTicks = giveUpAfterMs / TICK_MS
  const unanswered = new Set<Question>()
  let ticks = 0
  let isTicking = false
  let isHanging = false
  let isProbing = false

  function tickLater(): void {
    isTicking = true
    setTimeout(tick, TICK_MS).unref()
  }

  function giveUp(question: Question): void {
    unanswered.delete(question)
    question.fail(new StoreError(silence, { kind: 'no_answer' }))
  }

  function tick(): void {
    ticks++
    const old = [...unanswered].filter(({ since }) => ticks - since >= hangingTicks)
    if (old.some(({ isProof }) => isProof)) isHanging = true
    for (const question of old) if (ticks - question.since >= lastTicks) giveUp(question)
    if (isHanging && !isProbing) void tryOut()
    if (unanswered.size > 0 || isHanging) tickLater()
    else isTicking = false
  }

  async function tryOut(): Promise<void> {
    isProbing = true
    const since = ticks
    try {
      await probe()
      if (ticks - since < hangingTicks) isHanging = false
    } catch {
      // Still not there: the next tick tries again.
    }
    isProbing = false
  }

  function put<T>(question: () => PromiseLike<T>, isProof: boolean): Promise<T> {
    if (isHanging || unanswered.size >= MOST_QUESTIONS) {
      return Promise.reject(new NotWrittenError(silence, { kind: 'no_answer' }))
    }
    if (!isTicking) tickLater()
    return new Promise<T>((resolve, reject) => {
      const asked: Question = { since: ticks, isProof, fail: reject }
      unanswered.add(asked)
      question().then(
        (answer) => {
          unanswered.delete(asked)
          resolve(answer)
        },
        (refusal) => {
          unanswered.delete(asked)
          reject(refusal)
        },
      )
    })
  }

  return {
    ask: (question) => put(question, true),
    askForLong: (question) => put(question, false),
    use: () => unanswered.size / MOST_QUESTIONS,
  }
}
