/** Puts words into a place, a live region perhaps: what stands there already is not said again. */
export function setWords(place: Pick<Element, 'textContent'>, words: string): void {
  if (place.textContent !== words) place.textContent = words
}
