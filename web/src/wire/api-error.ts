/** The closed list of problem codes (RFC 9457 `code`), as /openapi.json has it. */
export type ProblemCode =
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
  | 'overloaded'
  | 'stopping'
  | 'store_unavailable'
  | 'identity_provider_unavailable'
  | 'internal_error'

export interface ApiErrorParts {
  /** A `ProblemCode`, or one that a newer service has. `unrecognised`: the error is not ours, but such as a proxy's own page. */
  readonly code: string
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  readonly triesLeft: number | undefined
  /** With `cross_site_request`: the origin that the service is at. */
  readonly publicUrl?: string | undefined
}

/** The server answered, and said no. */
export class ApiError extends Error implements ApiErrorParts {
  declare readonly code: string
  declare readonly status: number
  declare readonly retryAfterSeconds: number | undefined
  declare readonly triesLeft: number | undefined
  declare readonly publicUrl: string | undefined
  constructor(parts: ApiErrorParts) {
    super(`${parts.status} ${parts.code}`)
    Object.assign(this, parts, { name: 'ApiError' })
  }
}

/** Nobody answered, or not in time. */
export class ConnectionError extends Error {
  override name = 'ConnectionError'
  /** Whether the time for the request had passed. */
  readonly isLate: boolean
  constructor(message?: string, { isLate = false, ...options }: ErrorOptions & { isLate?: boolean } = {}) {
    super(message, options)
    this.isLate = isLate
  }
}

/** Whether nobody answered within the time for it: the line may be slow, and the next try should have more of it. */
export const ranOutOfTime = (error: unknown): boolean => error instanceof ConnectionError && error.isLate

/** Whether the server said no for this. */
export const isProblem = (error: unknown, code: ProblemCode): error is ApiError =>
  error instanceof ApiError && error.code === code

/** How long the server asked to be left alone: 0 where it did not. */
export const askedMsOf = (error: unknown): number =>
  error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0

/**
 * Whether trying again cannot help. Only problems of our own form count: a stray 403 from a proxy on the way
 * must not end a login that is well (Significant-Gravitas/AutoGPT#14062).
 */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code !== 'unrecognised' && error.status < 500 && !passing.includes(error.status)

// 4xx that say "not now" rather than "no".
const passing = [408, 429]
