import { setWords } from './set-words.ts'

/** Where the person is told what stands in the way, both of what they do and of what the page asks for by itself. */
export interface TroubleLine {
  /**
   * Says that the person's action failed, until their next one or until a look finds it done (`isDone`). `''`: an
   * action begins, or the words are nobody's any more.
   */
  say(words: string, isDone?: () => boolean): void
  /** Says that one of the page's own requests failed, or, by `''`, went well. Words of `say` that still stand stay. */
  sayOfLook(words: string): void
}

/** Opens the line in this place, with nothing said. */
export function createTroubleLine(place: Pick<Element, 'textContent'>): TroubleLine {
  const nothing = () => true
  let isDoneNow = nothing
  return {
    say(words, isDone = () => false) {
      isDoneNow = words === '' ? nothing : isDone
      setWords(place, words)
    },
    sayOfLook(words) {
      if (!isDoneNow()) return
      isDoneNow = nothing
      setWords(place, words)
    },
  }
}
