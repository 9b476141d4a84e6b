import { loginForms as formWords } from '#messages/loginForms'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { createTurns } from '../page/turns.ts'
import type { UserCodeReply } from '../wire/protocol.ts'

/** How long the button says that the code is copied, before it offers that again. */
const COPIED_MS = 4000

export interface UserCodePanel {
  /** Offers the code anew: what was shown belongs to a login that is over. */
  reset(): void
  /** Asks for a code and shows it, or says why there is none. */
  ask(): Promise<void>
}

/** `#user-code` holds the button that asks for a code, and then the code, with one beside it that copies it. */
export function createUserCodePanel(
  root: ParentNode,
  request: () => Promise<UserCodeReply>,
  signal: AbortSignal,
): UserCodePanel {
  const panel = findPart(root, '.other-way', HTMLElement)
  const place = findPart(panel, '#user-code', HTMLElement)
  const button = findPart(place, 'button', HTMLButtonElement)
  const copy = findPart(panel, '#copy-code', HTMLButtonElement)
  const how = findPart(panel, '.how', HTMLElement)
  const address = findPart(how, '.address', HTMLElement)
  const message = findPart(panel, '.message', HTMLElement)
  /** A turn for each request: the login that it is for may be over when the answer comes. */
  const asking = createTurns()
  let saying: ReturnType<typeof setTimeout> | undefined

  const showCode = (reply: UserCodeReply, focus: (part: HTMLElement, options: FocusOptions) => void) => {
    const code = document.createElement('output')
    code.textContent = reply.userCode
    code.translate = false
    code.dir = 'ltr'
    address.textContent = reply.verificationUri.replace(/^https?:\/\//, '')
    how.hidden = false
    copy.textContent = formWords.copy
    copy.hidden = false
    // The button that has the focus goes.
    focus(copy, { preventScroll: true })
    place.replaceChildren(code)
  }

  const ask = async () => {
    if (!place.contains(button)) return
    message.textContent = ''
    const isStill = asking.next()
    // The module of this panel may have loaded a while after the press.
    const focus = focusUnlessLeft(button)
    try {
      const reply = await request()
      if (isStill()) showCode(reply, focus)
    } catch (error) {
      if (isStill()) message.textContent = wordsFor(error)
    }
  }
  const onCopy = async () => {
    const isCopied = await copyTextOf(place)
    const offer = () => {
      copy.textContent = formWords.copy
    }
    clearTimeout(saying)
    offer()
    if (isCopied) {
      copy.textContent = formWords.copied
      saying = setTimeout(offer, COPIED_MS)
    }
    message.textContent = isCopied ? '' : formWords.copyFailed
  }
  copy.addEventListener('click', onCopy, { signal })

  return {
    reset() {
      asking.end()
      const isCopyHeld = copy === document.activeElement
      // Putting it there again would take its focus, and a screen reader would announce it once more.
      if (!place.contains(button)) place.replaceChildren(button)
      if (isCopyHeld) button.focus({ preventScroll: true })
      how.hidden = true
      copy.hidden = true
      message.textContent = ''
    },
    ask: () => onceAtATime(button, ask),
  }
}

/** Over plain http browsers have no clipboard for pages; the old command copies what is selected. */
async function copyTextOf(part: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(part.textContent ?? '')
    return true
  } catch {
    getSelection()?.selectAllChildren(part)
    return document.execCommand('copy')
  }
}
