import type { Clients } from './client.ts'
import { clientOfDevice } from './device-logins.ts'
import { requestOf } from './login-request.ts'

/** A picture that needs nothing from anywhere: PNG, SVG, WebP or JPEG. */
const PICTURE = /^data:image\/(png|svg\+xml|webp|jpeg);base64,[A-Za-z0-9+/]+={0,2}$/
/** Every scan for the application carries it. */
const MOST_CHARACTERS = 32_768

/** @param uri a `data:` address. @returns what is wrong with it, in words, if anything is */
export function faultOfLogo(uri: string): string | undefined {
  if (uri.length > MOST_CHARACTERS) return `logo_uri must be of ${MOST_CHARACTERS} characters at the most`
  return PICTURE.test(uri)
    ? undefined
    : 'logo_uri must be a PNG, SVG, WebP or JPEG in base64, where it is a data: address'
}

/**
 * The logo of the application that a `return_to` leads to, to be shown beside its name. One at an address is not shown:
 * whoever has that address would learn who signs in, when, and from where.
 */
export function logoOf(clients: Clients, returnTo: string): string | undefined {
  const id = requestOf(returnTo)?.clientId ?? clientOfDevice(returnTo)
  const uri = id === undefined ? undefined : clients.find(id)?.logoUri
  return uri?.startsWith('data:') ? uri : undefined
}
