import { closeDialogs } from '../page/close-dialogs.ts'
import { findPart } from '../page/find-part.ts'
import { createSettling } from '../page/settling.ts'

export type PhoneSection = 'loading' | 'sign-in' | 'chooser' | 'request' | 'result'

const sections: readonly PhoneSection[] = ['loading', 'sign-in', 'chooser', 'request', 'result']

/** For who has pressed something, and waits for what comes of it. */
const SETTLING_MS = 400

/**
 * Shows one section of scan.html, and brings the keyboard and the screen reader to its heading: to them
 * the page would otherwise seem to stand still. What is asked over another section ends with it.
 */
export function createPhoneSections(root: ParentNode): (shown: PhoneSection) => void {
  const main = findPart(root, 'main', HTMLElement)
  let last: PhoneSection = 'loading'
  const settle = createSettling(main, SETTLING_MS)

  return (shown) => {
    // First, for it gives the focus back to what had it.
    if (shown !== last) closeDialogs(root)
    for (const each of sections) findPart(root, `#${each}`, HTMLElement).hidden = each !== shown
    if (shown === last) return
    last = shown
    main.setAttribute('data-shown', shown)
    settle()
    findPart(root, `#${shown} h1`, HTMLElement).focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }
}
