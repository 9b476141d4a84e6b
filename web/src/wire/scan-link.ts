import { urlOf } from './url-of.ts'

const tokenShape = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}$/

/** The token in a fragment such as `#V1StGXR8_Z5jdHi6.…`, or undefined. */
export function tokenOfFragment(hash: string): string | undefined {
  const token = hash.startsWith('#') ? hash.slice(1) : hash
  return tokenShape.test(token) ? token : undefined
}

/** The part of a token that stays while its QR secret rotates. */
export const loginIdOf = (token: string): string => token.slice(0, token.indexOf('.'))

/**
 * The token in what a QR code said, or undefined when it is not a ScanIn code of this site. Any other
 * text is left alone: a code on a wall must not send a phone anywhere.
 */
export function tokenOfScanLink(text: string, origin: string): string | undefined {
  const url = urlOf(text)
  if (url?.origin !== origin || url.pathname !== '/scan') return undefined
  return tokenOfFragment(url.hash)
}
