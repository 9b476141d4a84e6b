import { tellTrouble } from '../page/tell-trouble.ts'
import { ConnectionError } from '../wire/api-error.ts'

/** The line of a card that says what became of its buttons. */
export interface CardMessage {
  say(words: string): void
  /** As `tellTrouble`. */
  tell(error: unknown, words?: (error: unknown) => string): void
  /** The service answers again: removes the words that it could not be reached. */
  isBack(): void
}

/** @param place a live region */
export function createCardMessage(place: HTMLElement): CardMessage {
  let tellsOfAway = false
  const say = (words: string) => {
    tellsOfAway = false
    place.classList.remove('wrong')
    place.textContent = words
  }
  return {
    say,
    tell(error, words) {
      tellsOfAway = error instanceof ConnectionError
      place.classList.add('wrong')
      tellTrouble(place, error, words)
    },
    isBack() {
      if (tellsOfAway) say('')
    },
  }
}
