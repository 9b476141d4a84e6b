// A file of its own, which the page loads when it is first needed: most who open it have no use for it.
import {
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser'

export const library = { browserSupportsWebAuthnAutofill, startAuthentication, startRegistration, WebAuthnAbortService }
