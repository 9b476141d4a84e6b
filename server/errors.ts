/**
 * Why something was refused. The list is closed and part of the API: each stands in a problem's `code`.
 * `http/problems.ts` gives each its status and title.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'authentication_required'
  | 'invalid_credentials'
  | 'cross_site_request'
  | 'not_allowed'
  | 'unknown_application'
  | 'passkey_required'
  | 'recent_sign_in_required'
  | 'not_found'
  | 'expired_token'
  | 'request_timeout'
  | 'already_scanned'
  | 'not_scanned'
  | 'too_many_passkeys'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'wrong_match_code'
  | 'passkey_refused'
  | 'slow_down'
  | 'headers_too_large'
  | 'internal_error'
  | 'overloaded'
  | 'stopping'
  | 'store_unavailable'
  | 'identity_provider_unavailable'

export interface ScanInErrorOptions extends ErrorOptions {
  /** Whole seconds, sent as `Retry-After`. */
  retryAfterSeconds?: number
  /** With `wrong_match_code`: how many more tries the login allows. */
  triesLeft?: number
  /** With `cross_site_request`: where the service is, by its configuration. */
  publicUrl?: string
  /** With `authentication_required`, of who has shown a token: what `WWW-Authenticate` says (RFC 6750 §3, RFC 9449 §7.1). */
  challenge?: string
}

/** The one error that services throw on purpose. Its code decides the reply; its cause is logged, never sent. */
export class ScanInError extends Error {
  override name = 'ScanInError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly triesLeft: number | undefined
  readonly publicUrl: string | undefined
  readonly challenge: string | undefined

  constructor(code: ErrorCode, { cause, retryAfterSeconds, triesLeft, publicUrl, challenge }: ScanInErrorOptions = {}) {
    super(code, { cause })
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
    this.triesLeft = triesLeft
    this.publicUrl = publicUrl
    this.challenge = challenge
  }

  /** Whatever was thrown, as one of ours: what nobody threw on purpose is `internal_error`. */
  static from(cause: unknown): ScanInError {
    return cause instanceof ScanInError ? cause : new ScanInError('internal_error', { cause })
  }
}

/** Whether it was thrown on purpose, and for one of these reasons. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof ScanInError && codes.includes(error.code)
}

/** Whether a record could not be changed for now: too many wait for their turn, or the store is away. */
export function isTransient(error: unknown): boolean {
  return hasCode(error, 'overloaded', 'store_unavailable')
}

/** What the system, or a library, calls an error, as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** That code behind a sentence, for who searches; nothing where there is none. */
export function codeInBrackets(error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? '' : ` (${code})`
}
