/** Puts words into a place, perhaps a live region: the same words again must not be announced twice. */
export function setWords(place: Pick<Element, 'textContent'>, words: string): void {
  if (place.textContent !== words) place.textContent = words
}
