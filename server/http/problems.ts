import type { ErrorCode, ScanInError } from '../errors.ts'

/** Status and title of every error code: the only such table. RFC 9457. */
const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  invalid_request: [400, 'The request is not of the form this endpoint takes'],
  authentication_required: [401, 'Sign in first'],
  invalid_credentials: [401, 'Wrong username, password or passkey'],
  cross_site_request: [403, 'This request has to come from an allowed origin'],
  not_allowed: [403, 'This person may not use this application'],
  unknown_application: [403, 'This application is not set up here'],
  passkey_required: [403, 'Approving this takes a passkey of yours'],
  recent_sign_in_required: [403, 'Sign in again first'],
  not_found: [404, 'There is nothing here'],
  expired_token: [404, 'This code is not valid any more'],
  request_timeout: [408, 'The request took too long to arrive'],
  already_scanned: [409, 'Another phone has scanned this code'],
  not_scanned: [409, 'Scan the code first'],
  too_many_passkeys: [409, 'There are as many passkeys as one person may have'],
  payload_too_large: [413, 'The request body is too large'],
  unsupported_media_type: [
    415,
    'The request body has to be application/json, or application/x-www-form-urlencoded where OAuth has forms',
  ],
  wrong_match_code: [422, 'These are not the digits that the phone shows'],
  passkey_refused: [422, 'This passkey cannot be added'],
  slow_down: [429, 'Too many requests'],
  headers_too_large: [431, 'The request headers are too large'],
  internal_error: [500, 'Something went wrong on the server'],
  overloaded: [503, 'Too many are asking for this at once'],
  stopping: [503, 'The service is stopping'],
  store_unavailable: [503, 'The service cannot reach its store'],
  identity_provider_unavailable: [503, 'The service cannot reach the identity provider'],
}

export const ERROR_CODES = Object.keys(PROBLEMS) as readonly ErrorCode[]

/** The wire form of a refusal, `application/problem+json`. */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  code: ErrorCode
  /** Only with `wrong_match_code`. */
  tries_left?: number
}

export function problemOf({ code, triesLeft }: ScanInError): Problem {
  const [status, title] = PROBLEMS[code]
  return {
    ...{ type: 'about:blank', title, status, code },
    ...(triesLeft !== undefined && { tries_left: triesLeft }),
  }
}

/** Whether it is the service, and not who asked, that something failed by. */
export function isOurFault({ code }: ScanInError): boolean {
  return PROBLEMS[code][0] >= 500
}

/** What `Retry-After` says, in whole seconds; a service that is down says so for a moment. */
export function retryAfterOf({ code, retryAfterSeconds }: ScanInError): number | undefined {
  return retryAfterSeconds ?? (PROBLEMS[code][0] === 503 ? 1 : undefined)
}
