// Stands for the value while a message is split: no message has it.
const HOLE = '\uFFFC'

/**
 * Writes a message with a value into a place. The value is isolated: if it reads from the other side, or has signs that
 * turn letters around, the words beside it stay where they are.
 * @param words makes the message of the value. Throws if the message leaves the value out
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
