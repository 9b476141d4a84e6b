import { findPart } from '../page/find-part.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import type { Api } from '../wire/api.ts'

export interface ProviderSignInParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'beginProviderSignIn'>
  /** Where to come back to: this page, with the code that it is about. */
  readonly returnTo: () => string
  /** Leaves the page. */
  readonly go: (location: string) => void
}

export interface ProviderSignIn {
  /** @param again somebody who is signed in already is to show anew that it is them */
  show(again: boolean): void
}

/**
 * `#sign-in-oidc`: to the team's provider. The server says whether there is one, and what the team calls it, if it does.
 */
export function createProviderSignIn({ root, api, returnTo, go }: ProviderSignInParts): ProviderSignIn {
  const part = findPart(root, '#provider-sign-in', HTMLElement)
  const button = findPart(part, '#sign-in-oidc', HTMLButtonElement)
  const message = findPart(part, '#provider-message', HTMLElement)
  let isAgain = false

  const { absent, label } = part.dataset
  part.hidden = absent !== undefined
  if (label !== undefined) button.textContent = label

  const begin = async () => {
    message.textContent = ''
    try {
      go(await api.beginProviderSignIn({ returnTo: returnTo(), again: isAgain }))
    } catch (error) {
      tellTrouble(message, error)
    }
  }

  button.addEventListener('click', () => void onceAtATime(button, begin))

  return {
    show(again) {
      isAgain = again
      message.textContent = ''
    },
  }
}
