import { findPart } from '../page/find-part.ts'

export type PhoneSection = 'loading' | 'sign-in' | 'chooser' | 'request' | 'result'

const sections: readonly PhoneSection[] = ['loading', 'sign-in', 'chooser', 'request', 'result']

/**
 * Shows one section of scan.html, and brings the keyboard and the screen reader to its heading: to them
 * the page would otherwise seem to stand still.
 */
export function createPhoneSections(root: ParentNode): (shown: PhoneSection) => void {
  let last: PhoneSection = 'loading'
  return (shown) => {
    for (const each of sections) findPart(root, `#${each}`, HTMLElement).hidden = each !== shown
    if (shown === last) return
    last = shown
    findPart(root, `#${shown} h1`, HTMLElement).focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }
}
