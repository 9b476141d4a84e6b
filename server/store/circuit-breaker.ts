import { NotWrittenError } from './not-written.ts'
import { StoreError } from './store-error.ts'

interface CircuitBreakerOptions {
  /** Asks for next to nothing, to see whether there is an answer. */
  probe: () => PromiseLike<unknown>
  /** What is said of it where nothing is heard. */
  silence?: string
  /** Silence after which a server is taken to hang. */
  hangsAfterMs?: number
  /** How long a question is waited for. */
  giveUpAfterMs?: number
}

/**
 * How long a server is waited for. Each question has its own end, counted from when it was asked; and once the server is
 * known to hang, nobody begins to wait: whoever asks many things in a row would wait for each of them.
 */
export interface CircuitBreaker {
  ask<T>(question: () => PromiseLike<T>): Promise<T>
  /** For what may rightly take longer than a server that hangs is waited for: its silence proves nothing. */
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
 * Time is counted in ticks: while this process does not get to run, none pass, and nobody is blamed for what it has not
 * read yet.
 */
const TICK_MS = 100
/**
 * A server that has been silent for so long is taken to hang, and one that answers a probe before that is not: were more
 * asked of it to be asked again, one that is slow, and was too slow once, would be refused for as long as it is slow.
 */
const HANGS_AFTER_MS = 700
/** No question is waited for longer than this. */
const GIVE_UP_AFTER_MS = 2000
/** Polls come by the thousand, and share a question; more than these are a crowd at a closed door. */
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
