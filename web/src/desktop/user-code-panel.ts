import { findPart } from '../page/find-part.ts'
import { wordsFor } from '../page/words.ts'
import type { UserCodeReply } from '../wire/protocol.ts'

export interface UserCodePanel {
  /** Offers the code anew: what was shown belongs to a login that is over. */
  reset(): void
  hide(): void
}

/** `#user-code` holds the button that asks for a code, and then the code. */
export function createUserCodePanel(root: ParentNode, request: () => Promise<UserCodeReply>): UserCodePanel {
  const panel = findPart(root, '.other-way', HTMLElement)
  const place = findPart(panel, '#user-code', HTMLElement)
  const button = findPart(place, 'button', HTMLButtonElement)
  const how = findPart(panel, '.how', HTMLElement)
  const address = findPart(how, '.address', HTMLElement)
  const message = findPart(panel, '.message', HTMLElement)
  let asked = 0

  const showCode = (reply: UserCodeReply) => {
    const code = document.createElement('output')
    code.textContent = reply.userCode
    code.translate = false
    place.replaceChildren(code)
    address.textContent = reply.verificationUri.replace(/^https?:\/\//, '')
    how.hidden = false
  }

  place.addEventListener('click', async () => {
    if (button.disabled || !place.contains(button)) return
    button.disabled = true
    message.textContent = ''
    const mine = ++asked
    try {
      const reply = await request()
      if (mine === asked) showCode(reply)
    } catch (error) {
      if (mine === asked) message.textContent = wordsFor(error)
    } finally {
      button.disabled = false
    }
  })

  return {
    reset() {
      asked += 1
      place.replaceChildren(button)
      how.hidden = true
      message.textContent = ''
      panel.hidden = false
    },
    hide() {
      panel.hidden = true
    },
  }
}
