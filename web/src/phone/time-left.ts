import { request as requestWords } from '#messages/request'
import { type CountdownParts, countDown } from '../page/countdown.ts'
import { clockWords, inWords } from '../page/moment-words.ts'
import type { Clock } from '../wire/clock.ts'
import { isSooner } from '../wire/ending.ts'

/** The time that is left to decide, or to type digits: for the eye each second, and said once before it ends. */
export interface TimeLeft {
  /** Ends the count before. @param onSecond told the seconds left, and the same in words */
  count(endsAt: number, onSecond: (seconds: number, words: string) => void): void
  /** Ends the count at this time, if that is sooner than before: the phone slept, and the page's clock stood still. */
  endAt(endsAt: number): void
  stop(): void
}

export interface TimeLeftParts {
  readonly clock: Clock
  /** Tells whoever does not see it. */
  readonly say: (sentence: string) => void
}

interface Count extends Pick<CountdownParts, 'endsAt' | 'onSecond'> {
  readonly over: AbortController
}

/** So long before the end it is said (WCAG 2.2.1 asks for 20 seconds). */
const SAID_AT_SECONDS = 60

export function createTimeLeft({ clock, say }: TimeLeftParts): TimeLeft {
  let counting: Count | undefined

  const stop = () => {
    counting?.over.abort()
    counting = undefined
  }
  const countTo = (endsAt: number, onSecond: CountdownParts['onSecond']) => {
    stop()
    const over = new AbortController()
    counting = { endsAt, onSecond, over }
    void countDown({ clock, endsAt, onSecond, signal: over.signal })
  }

  return {
    count(endsAt, tell) {
      let isSaid = false
      countTo(endsAt, (left) => {
        tell(left, requestWords.expiresIn({ time: clockWords(left) }))
        if (isSaid || left > SAID_AT_SECONDS || left === 0) return
        isSaid = true
        say(requestWords.endsSoon({ when: inWords(left) }))
      })
    },
    endAt(endsAt) {
      if (counting !== undefined && isSooner(endsAt, counting.endsAt)) countTo(endsAt, counting.onSecond)
    },
    stop,
  }
}
