import { passkey as passkeyWords } from '#messages/passkey'
import { findPart } from '../page/find-part.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import type { Api } from '../wire/api.ts'
import { isProblem } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import type { Assertion } from '../wire/passkey-protocol.ts'
import { type Authenticator, PasskeyError } from './authenticator.ts'
import { passkeyErrorWords } from './passkey-error-words.ts'
import { offerPasskeys } from './passkey-offers.ts'

export interface PasskeySignInParts {
  readonly root: ParentNode
  /** Where the person begins to use the page. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  readonly api: Pick<Api, 'passkeySignInOptions' | 'signInByPasskey'>
  readonly authenticator: Pick<Authenticator, 'missing' | 'get' | 'canFillIn' | 'fillIn'>
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly onSignedIn: () => void
}

export interface PasskeySignIn {
  /** The form is shown: the browser may offer passkeys where it fills in the name. */
  show(): void
  /** It is shown no more: the browser asks for no passkey, nor offers any. */
  leave(): void
}

/** `#sign-in-passkey`, and passkeys among what the browser fills in. */
export function createPasskeySignIn(parts: PasskeySignInParts): PasskeySignIn {
  const { root, api, authenticator, onSignedIn } = parts
  const part = findPart(root, '#passkey-sign-in', HTMLElement)
  const button = findPart(part, '#sign-in-passkey', HTMLButtonElement)
  const why = findPart(root, '#no-passkeys', HTMLElement)
  const message = findPart(root, '#sign-in-message', HTMLElement)
  let offering = new AbortController()
  /** What the button has begun. */
  let asking = new AbortController()

  part.hidden = authenticator.missing !== undefined
  why.hidden = authenticator.missing === undefined
  why.textContent = authenticator.missing === undefined ? '' : passkeyWords[authenticator.missing]

  const signIn = async (assertion: Assertion) => {
    await api.signInByPasskey({ assertion })
    offering.abort()
    onSignedIn()
  }

  const tell = (error: unknown) => {
    if (error instanceof PasskeyError && error.isAborted) return
    const isUnknown = isProblem(error, 'invalid_credentials')
    tellTrouble(message, error, isUnknown ? () => passkeyWords.unknown : passkeyErrorWords)
  }

  const begin = () => {
    offering.abort()
    offering = new AbortController()
    if (authenticator.missing !== undefined) return
    void offerPasskeys({
      ...parts,
      onPicked: (assertion) => {
        message.textContent = ''
        return signIn(assertion).catch(tell)
      },
      onPickedLate: () => tell(new PasskeyError(passkeyWords.failed)),
      signal: offering.signal,
    })
  }

  const onPress = async () => {
    message.textContent = ''
    offering.abort()
    asking = new AbortController()
    const { signal } = asking
    try {
      const assertion = await authenticator.get(await api.passkeySignInOptions(), signal)
      if (!signal.aborted) await signIn(assertion)
    } catch (error) {
      if (signal.aborted) return
      tell(error)
      begin()
    }
  }

  button.addEventListener('click', () => void onceAtATime(button, onPress))

  return {
    show: begin,
    leave() {
      offering.abort()
      asking.abort()
    },
  }
}
