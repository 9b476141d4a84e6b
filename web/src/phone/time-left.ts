import { phone as phoneWords } from '#messages/phone'
import { countDown } from '../page/countdown.ts'
import { clockWords, inWords } from '../page/moment-words.ts'
import type { Clock } from '../wire/clock.ts'

/** The time that is left to decide, or to type digits: for the eye each second, and said once before it ends. */
export interface TimeLeft {
  /** Ends the count before. @param onSecond told the seconds left, and the same in words */
  count(endsAt: number, onSecond: (seconds: number, words: string) => void): void
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

  const stop = () => {
    counting.abort()
    counting = new AbortController()
  }

  return {
    count(endsAt, tell) {
      stop()
      let isSaid = false
      const onSecond = (left: number) => {
        tell(left, phoneWords.expiresIn({ time: clockWords(left) }))
        if (isSaid || left > SAID_AT_SECONDS || left === 0) return
        isSaid = true
        say(phoneWords.endsSoon({ when: inWords(left) }))
      }
      void countDown({ clock, endsAt, onSecond, signal: counting.signal })
    },
    stop,
  }
}
