import { request as requestWords } from '#messages/request'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { spanWords } from '../page/moment-words.ts'
import { onceAtATime, setBusy } from '../page/once-at-a-time.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import { createTurns } from '../page/turns.ts'

export interface KeepOffer {
  /** @param approved what the browser was let in by; left out, there is nothing to offer */
  show(approved: { readonly login: string; readonly rememberFor: number | undefined } | undefined): void
}

/** `.keep`: offers to keep the browser signed in for long. After the approval, so that it hurries nobody into that. */
export function createKeepOffer(card: ParentNode, keep: (login: string) => Promise<void>): KeepOffer {
  const part = findPart(card, '.keep', HTMLElement)
  const message = findPart(part, 'p', HTMLElement)
  // Made here: until it is known for how long, it has no name.
  const button = document.createElement('button')
  button.className = 'button block'
  button.type = 'button'
  part.prepend(button)
  /** A turn for each login that this is offered for. */
  const turns = createTurns()
  let login = ''
  let time = ''

  const onPress = async () => {
    const isStill = turns.begin()
    const focus = focusUnlessLeft()
    const ask = async () => {
      message.textContent = ''
      try {
        await keep(login)
        if (!isStill()) return
        message.textContent = requestWords.kept({ time })
        focus(message, { preventScroll: true })
        button.hidden = true
      } catch (error) {
        if (isStill()) tellTrouble(message, error)
      }
    }
    await onceAtATime(button, ask, isStill)
  }
  button.addEventListener('click', onPress)

  return {
    show(approved) {
      part.hidden = approved?.rememberFor === undefined
      if (approved?.rememberFor === undefined || login === approved.login) return
      turns.end()
      login = approved.login
      setBusy(false, button)
      time = spanWords(approved.rememberFor)
      message.textContent = ''
      button.hidden = false
      button.textContent = requestWords.keep({ time })
    },
  }
}
