import { setWords } from './set-words.ts'

/** Where the person is told what stands in the way, both of what they do and of what the page asks for by itself. */
export interface TroubleLine {
  /**
   * What they did failed: that stands until they do the next thing, or a look finds it done. `''`: they do it now, or it is
   * of no one any more.
   */
  say(words: string, isDone?: () => boolean): void
  /** What the page asks for now and then failed, or `''`, went well. It takes the place of nothing that stands. */
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
