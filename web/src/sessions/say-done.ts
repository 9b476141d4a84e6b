/** Says what was done: to who hears it, and for some seconds to who sees it (`.said` in devices.css). */
export function sayDone(place: Element, words: string): void {
  const said = document.createElement('span')
  said.textContent = words
  // A new element each time: what is said twice is heard twice.
  place.replaceChildren(said)
}
