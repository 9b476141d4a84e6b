import { login as loginWords } from '#messages/login'
import { wayOn } from '#messages/wayOn'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { type RightAddress, rightAddress } from '../page/right-address.ts'
import { setApart, type TitledWords } from '../page/words.ts'
import { ApiError } from '../wire/api-error.ts'
import type { LoginView } from './login-view.ts'

export interface StartFailed {
  show(view: LoginView): void
  /** Why there is no code, where none comes by itself. */
  words(view: LoginView): TitledWords | undefined
}

/** At another address than the service has, it says which is right, and the button leads there. */
export function createStartFailed({ root, signal }: { root: ParentNode; signal: AbortSignal }): StartFailed {
  const button = findPart(root, '#refresh', HTMLButtonElement)
  let right: RightAddress | undefined
  const leave = (event: Event) => {
    if (right === undefined) return
    event.stopImmediatePropagation()
    location.assign(right.page)
  }
  button.addEventListener('click', leave, { capture: true, signal })
  return {
    show(view) {
      const publicUrl = isOver(view) && view.error instanceof ApiError ? view.error.publicUrl : undefined
      right = publicUrl === undefined ? undefined : rightAddress(publicUrl, location)
      if (right !== undefined) button.textContent = wayOn.open
    },
    words(view) {
      if (!isOver(view)) return undefined
      if (right === undefined) return { title: loginWords.failed, more: wordsFor(view.error) }
      return { title: wayOn.wrongTitle, more: wayOn.wrongMore({ address: setApart(right.host) }) }
    },
  }
}

const isOver = (view: LoginView): view is LoginView & { kind: 'start_failed' } =>
  view.kind === 'start_failed' && view.isOver
