import { request as requestWords } from '#messages/request'
import { countDown } from '../page/countdown.ts'
import { clockWords, inWords } from '../page/moment-words.ts'
import type { Clock } from '../wire/clock.ts'

/** The time that is left to decide, or to type digits: for the eye each second, and said once before it ends. */
export interface TimeLeft {
  /** Ends the count before. @param onSecond told the seconds left, and the same in words */
  count(endsAt: number, onSecond: (seconds: number, words: string) => void): void
  /** What is counted ends then, if anything is. */
  endAt(endsAt: number): void
  stop(): void
}

export interface TimeLeftParts {
  readonly clock: Clock
  /** Tells whoever does not see it. */
  readonly say: (sentence: string) => void
}

/** So long before the end it is said (WCAG 2.2.1 asks for 20 seconds). */
const SAID_AT_SECONDS = 60

export function createTimeLeft({ clock, say }: TimeLeftParts): TimeLeft {
  let counting = new AbortController()
  let onSecond: ((left: number) => void) | undefined

  const stop = () => {
    counting.abort()
    onSecond = undefined
  }
  const endAt = (endsAt: number) => {
    if (onSecond === undefined) return
    counting.abort()
    counting = new AbortController()
    void countDown({ clock, endsAt, onSecond, signal: counting.signal })
  }

  return {
    count(endsAt, tell) {
      let isSaid = false
      onSecond = (left) => {
        tell(left, requestWords.expiresIn({ time: clockWords(left) }))
        if (isSaid || left > SAID_AT_SECONDS || left === 0) return
        isSaid = true
        say(requestWords.endsSoon({ when: inWords(left) }))
      }
      endAt(endsAt)
    },
    endAt,
    stop,
  }
}
