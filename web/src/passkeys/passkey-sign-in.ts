import { passkey as passkeyWords } from '#messages/passkey'
import { findPart } from '../page/find-part.ts'
import { firstUse } from '../page/first-use.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import type { Api } from '../wire/api.ts'
import { isProblem } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { Assertion } from '../wire/passkey-protocol.ts'
import { type Authenticator, PasskeyError } from './authenticator.ts'
import { passkeyErrorWords } from './passkey-error-words.ts'

export interface PasskeySignInParts {
  readonly root: ParentNode
  /** Where the person begins to use the page. */
  readonly page: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>
  readonly api: Pick<Api, 'passkeySignInOptions' | 'signInByPasskey'>
  readonly authenticator: Pick<Authenticator, 'missing' | 'get' | 'canFillIn' | 'fillIn'>
  readonly clock: Clock
  readonly onSignedIn: () => void
}

export interface PasskeySignIn {
  /** The form is shown: the browser may offer passkeys where it fills in the name. */
  show(): void
  leave(): void
}

/** So long before a challenge is over, a new one takes its place. */
const earlyMs = 60_000

/** `#sign-in-passkey`, and passkeys among what the browser fills in. */
export function createPasskeySignIn(parts: PasskeySignInParts): PasskeySignIn {
  const { root, page, api, authenticator, clock, onSignedIn } = parts
  const part = findPart(root, '#passkey-sign-in', HTMLElement)
  const button = findPart(part, '#sign-in-passkey', HTMLButtonElement)
  const why = findPart(root, '#no-passkeys', HTMLElement)
  const message = findPart(root, '#sign-in-message', HTMLElement)
  let offering = new AbortController()

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

  /** Offers one after the other, for as long as the form is there. Nobody is told what goes wrong before they pick one. */
  const offer = async (signal: AbortSignal) => {
    try {
      // Two requests, for which the form does not wait.
      await firstUse({ page, clock, signal })
      if (signal.aborted || !(await authenticator.canFillIn())) return
      while (!signal.aborted) {
        const assertion = await offerOnce(signal)
        if (assertion !== undefined) await signIn(assertion).catch(tell)
      }
    } catch {
      // The button is still there.
    }
  }

  const offerOnce = async (signal: AbortSignal): Promise<Assertion | undefined> => {
    const options = await api.passkeySignInOptions()
    const turn = linkAbort(signal)
    if (signal.aborted) return undefined
    void clock.sleep(options.timeout - earlyMs, turn.signal).then(turn.abort)
    try {
      return await authenticator.fillIn(options, turn.signal)
    } catch (error) {
      // Ended for a new one, unless the button has begun another way.
      if (turn.signal.aborted && !signal.aborted) return undefined
      throw error
    } finally {
      turn.abort()
      turn.unlink()
    }
  }

  const begin = () => {
    offering.abort()
    offering = new AbortController()
    if (authenticator.missing === undefined) void offer(offering.signal)
  }

  const onPress = async () => {
    message.textContent = ''
    offering.abort()
    try {
      await signIn(await authenticator.get(await api.passkeySignInOptions()))
    } catch (error) {
      tell(error)
      begin()
    }
  }

  button.addEventListener('click', () => void onceAtATime(button, onPress))

  return {
    show: begin,
    leave: () => offering.abort(),
  }
}
