import { home as homeWords } from '#messages/home'
import { countDown } from '../page/countdown.ts'
import { findPart } from '../page/find-part.ts'
import { inWords } from '../page/moment-words.ts'
import type { Clock } from '../wire/clock.ts'
import type { CurrentSession } from '../wire/session-protocol.ts'

/** How long before it happens people are told that their session ends (WCAG 2.2.1). */
const NOTICE_SECONDS = 60

export interface SessionEnd {
  /** Told of the session each time that the server was asked for it. */
  follow(session: CurrentSession['session']): void
}

/**
 * `#ending`: warns that the session is about to end, with the way to a new one. Using a session does not extend it: its
 * whole life limits what a stolen one is worth. So only a new sign-in gives more time.
 */
export function createSessionEnd({ root, clock }: { root: ParentNode; clock: Clock }): SessionEnd {
  const card = findPart(root, '#ending', HTMLElement)
  const heard = findPart(card, '.unseen', HTMLElement)
  const seen = findPart(card, '.ending-left', HTMLElement)
  let counting = new AbortController()

  return {
    follow({ expiresInSeconds }) {
      counting.abort()
      counting = new AbortController()
      if (expiresInSeconds > NOTICE_SECONDS) card.hidden = true
      void countDown({
        clock,
        endsAt: clock.now() + expiresInSeconds * 1000,
        signal: counting.signal,
        onSecond: (left) => {
          if (left > NOTICE_SECONDS) return
          const words = homeWords.ending({ when: inWords(left) })
          seen.textContent = words
          if (!card.hidden) return
          card.hidden = false
          // Said once: what counts is for the eye.
          heard.textContent = words
        },
      })
    },
  }
}
