/**
 * Everything that can be refused, in one table: the closed list of codes that is part of the API,
 * the HTTP status of each and its title. RFC 9457.
 */
const PROBLEMS = {
  invalid_request: [400, 'The request is not of the form this endpoint takes'],
  authentication_required: [401, 'Sign in first'],
  invalid_credentials: [401, 'Wrong username or password'],
  cross_site_request: [403, 'This request has to come from an allowed origin'],
  not_found: [404, 'There is nothing here'],
  expired_token: [404, 'This code is not valid any more'],
  request_timeout: [408, 'The request took too long to arrive'],
  already_scanned: [409, 'Another phone has scanned this code'],
  not_scanned: [409, 'Scan the code first'],
  payload_too_large: [413, 'The request body is too large'],
  unsupported_media_type: [415, 'The request body has to be application/json'],
  wrong_match_code: [422, 'These are not the digits that the phone shows'],
  slow_down: [429, 'Too many requests'],
  headers_too_large: [431, 'The request headers are too large'],
  internal_error: [500, 'Something went wrong on the server'],
  store_unavailable: [503, 'The service cannot reach its store'],
  identity_provider_unavailable: [503, 'The service cannot reach the identity provider'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof PROBLEMS

export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[]

/** The wire form of a refusal, `application/problem+json`. */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  code: ProblemCode
  /** Only with `wrong_match_code`: how many more tries the login allows. */
  tries_left?: number
}

export interface ScanInErrorOptions extends ErrorOptions {
  /** Whole seconds, sent as `Retry-After`. */
  retryAfterSeconds?: number
  triesLeft?: number
}

/** The one error that services throw on purpose. Its code decides status and title; its cause is logged, never sent. */
export class ScanInError extends Error {
  override name = 'ScanInError'
  readonly code: ProblemCode
  readonly retryAfterSeconds: number | undefined
  readonly triesLeft: number | undefined

  constructor(code: ProblemCode, { cause, retryAfterSeconds, triesLeft }: ScanInErrorOptions = {}) {
    super(PROBLEMS[code][1], { cause })
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds ?? (statusOf(code) === 503 ? 1 : undefined)
    this.triesLeft = triesLeft
  }
}

export function statusOf(code: ProblemCode): number {
  return PROBLEMS[code][0]
}

export function problemOf(error: ScanInError): Problem {
  const [status, title] = PROBLEMS[error.code]
  const problem: Problem = { type: 'about:blank', title, status, code: error.code }
  return error.triesLeft === undefined ? problem : { ...problem, tries_left: error.triesLeft }
}
