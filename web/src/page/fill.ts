// In place of a value: no message has it in it.
const HOLE = '\uFFFC'

/**
 * Puts words with a value in them into a place. The value is set apart: however it is written, from the other side or with
 * signs that turn letters around, what stands beside it stays where it is.
 * @param words a message, told what to say for the value. Throws where it does not say it
 */
export function fill(place: Element, words: (value: string) => string, value: string | Element): void {
  const [before = '', after] = words(HOLE).split(HOLE)
  if (after === undefined) throw new Error('These words have no place for a value')
  place.replaceChildren(before, typeof value === 'string' ? setApart(value) : value, after)
}

function setApart(value: string): HTMLElement {
  const apart = document.createElement('bdi')
  apart.textContent = value
  return apart
}
