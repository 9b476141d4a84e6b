import { setWords } from './set-words.ts'

/** Where the person is told what stands in the way, both of what they do and of what the page asks for by itself. */
export interface TroubleLine {
  /** What they did failed: that stands until they do the next thing. `''`: they do it now. */
  say(words: string): void
  /** What the page asks for now and then failed, or `''`, went well. It takes the place of nothing that they did. */
  sayOfLook(words: string): void
}

export function createTroubleLine(place: Pick<Element, 'textContent'>): TroubleLine {
  let isOfPerson = false
  return {
    say(words) {
      isOfPerson = words !== ''
      setWords(place, words)
    },
    sayOfLook(words) {
      if (!isOfPerson) setWords(place, words)
    },
  }
}
