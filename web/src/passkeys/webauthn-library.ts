// A file of its own, which the page loads when it is first needed: most who open it have no use for it.
import {
  browserSupportsWebAuthnAutofill,
  bufferToBase64URLString,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'

/** The id that the service has for a passkey: the SHA-256 of what the authenticator calls it. */
const passkeyIdOf = async (credentialId: string): Promise<string> =>
  bufferToBase64URLString(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(credentialId)))

export const library = {
  browserSupportsWebAuthnAutofill,
  passkeyIdOf,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
}
