import type { Api } from '../wire/api.ts'
import { isProblem } from '../wire/api-error.ts'
import type { Authenticator } from './authenticator.ts'

export interface PasskeyAddingParts {
  readonly api: Pick<Api, 'passkeyOptions' | 'addPasskey'>
  readonly authenticator: Pick<Authenticator, 'create'>
  /** The person has to show anew that it is them. */
  readonly onSignInAgain: () => void
  /** Called with a passkey's id before the passkey is sent: if no answer comes, it may have been added. */
  readonly onAdding: (id: string) => void
}

/** A name that no passkey may have. */
export class PasskeyNameError extends Error {}

/**
 * Adds a passkey of this device. False: the person signs in again first. Throws PasskeyNameError before there is one, ApiError,
 * PasskeyError and the like.
 */
export type AddPasskey = (name?: string) => Promise<boolean>

export const createPasskeyAdding =
  ({ api, authenticator, onSignInAgain, onAdding }: PasskeyAddingParts): AddPasskey =>
  (name) =>
    unlessStale(onSignInAgain, async () => {
      const options = await api.passkeyOptions({ name }).catch((cause: unknown) => {
        // The name is all that the person chose of what was sent.
        throw name !== undefined && isProblem(cause, 'invalid_request') ? new PasskeyNameError('', { cause }) : cause
      })
      const { id, attestation } = await authenticator.create(options)
      onAdding(id)
      await api.addPasskey({ name, attestation })
    })

/** Does it, or leads to a new sign-in if the service asks for a more recent one. @returns whether it was done */
export async function unlessStale(onSignInAgain: () => void, act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (!isProblem(error, 'recent_sign_in_required')) throw error
    onSignInAgain()
    return false
  }
}
