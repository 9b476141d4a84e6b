import { isSecureContext } from '../url.ts'

/** Whom passkeys are for (WebAuthn §5.4.2), by configuration alone: no header of a request has a say in it. */
export interface RelyingParty {
  /** The public URL's host, without its port: a passkey is good for it and nothing else. */
  id: string
  /** Where a browser has to have been when it used one. */
  origin: string
}

const IS_ADDRESS = /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/

export function relyingPartyOf(publicUrl: string): RelyingParty {
  const { hostname, origin } = new URL(publicUrl)
  return { id: hostname, origin }
}

/** Whether browsers offer passkeys there: in a secure context, and never at a bare address (WebAuthn §5.1.3). */
export function areOffered(publicUrl: string): boolean {
  return isSecureContext(publicUrl) && !IS_ADDRESS.test(new URL(publicUrl).hostname)
}
