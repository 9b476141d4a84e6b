import { findPart } from '../page/find-part.ts'
import type { TitledWords } from '../page/words.ts'

/** `#status`, a live region: one change is one announcement, and the same words again are none. */
export function createStatusLine(root: ParentNode): (words: TitledWords) => void {
  const line = findPart(root, '#status', HTMLElement)
  const title = findPart(line, '.title', HTMLElement)
  const more = findPart(line, '.more', HTMLElement)
  return (words) => {
    if (title.textContent === words.title && more.textContent === words.more) return
    title.textContent = words.title
    more.textContent = words.more
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) line.animate([{ opacity: 0 }, {}], 200)
  }
}
