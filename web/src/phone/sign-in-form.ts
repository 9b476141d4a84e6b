import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import type { Api } from '../wire/api.ts'

export interface SignInForm {
  /** @param why a line above the form, for somebody who did not expect it */
  show(why: string): void
  /** Nobody is signed in any more: removes what the person before has typed. */
  forget(): void
}

export interface SignInFormParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'signIn'>
  readonly onSignedIn: () => void
}

export function createSignInForm({ root, api, onSignedIn }: SignInFormParts): SignInForm {
  const form = findPart(root, '#sign-in-form', HTMLFormElement)
  const username = findPart(form, '#username', HTMLInputElement)
  const password = findPart(form, '#password', HTMLInputElement)
  const showPassword = findPart(form, '#show-password', HTMLInputElement)
  const submit = findPart(form, 'button[type=submit]', HTMLButtonElement)
  const reason = findPart(root, '#sign-in-why', HTMLElement)
  const message = findPart(form, '#sign-in-message', HTMLElement)

  const signIn = async () => {
    const focus = focusUnlessLeft()
    message.textContent = ''
    try {
      await api.signIn({ username: username.value.trim(), password: password.value })
      hidePassword()
      password.value = ''
      onSignedIn()
    } catch (error) {
      tellTrouble(message, error)
      if (focus(password)) password.select()
    }
  }

  const hidePassword = () => {
    showPassword.checked = false
    password.type = 'password'
  }

  showPassword.addEventListener('change', () => {
    password.type = showPassword.checked ? 'text' : 'password'
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void onceAtATime(submit, signIn)
  })

  return {
    show(why) {
      reason.textContent = why
      reason.hidden = why === ''
      message.textContent = ''
      password.value = ''
      hidePassword()
    },
    forget() {
      username.value = ''
    },
  }
}
