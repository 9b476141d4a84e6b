import { closeDialogs } from '../page/close-dialogs.ts'
import { findPart } from '../page/find-part.ts'
import { createSettling } from '../page/settling.ts'

const sections = ['loading', 'sign-in', 'chooser', 'request', 'result'] as const

export type PhoneSection = (typeof sections)[number]

/** The longest time between two clicks that systems take for a double click where nobody has set another. */
const DOUBLE_CLICK_MS = 500

/**
 * Shows one section of scan.html, and moves the focus to its heading: to the keyboard and the screen reader the page
 * would otherwise seem to stand still. Dialogs over another section are closed.
 */
export function createPhoneSections(root: ParentNode): (shown: PhoneSection) => void {
  const main = findPart(root, 'main', HTMLElement)
  let last: PhoneSection = 'loading'
  const settle = createSettling(main)
  // Another site's window could stand in front of this one and close itself between the two clicks of a double click.
  // The second click would then hit what nobody has looked at.
  const onFront = () => {
    if (last === 'request') settle(DOUBLE_CLICK_MS)
  }
  window.addEventListener('focus', onFront)
  document.addEventListener('visibilitychange', onFront)

  return (shown) => {
    // Closed first: a dialog that closes gives the focus back to what had it.
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
