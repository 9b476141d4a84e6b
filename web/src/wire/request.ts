import { ApiError, type ApiErrorParts, ConnectionError } from './api-error.ts'
import { amount, DecodeError, fieldsOf, optional, text } from './decoding.ts'
import { LONGEST_PATIENCE_MS, within } from './within.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** How long the whole exchange may take; ten seconds unless told. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export type Fetch = typeof globalThis.fetch

const SOON_FORGOTTEN_MS = 6000

/**
 * The time limit for a request whose outcome the service repeats, but for ten seconds only: time must be left to ask
 * again. After a try that was too short, the next gets the longest time: the line may be slow.
 */
export const patienceMsFor = (isAgain = false): number => (isAgain ? LONGEST_PATIENCE_MS : SOON_FORGOTTEN_MS)

/**
 * One exchange with our own origin. Answers with the decoded JSON (`undefined` for 204). Throws ApiError when the
 * server says no, ConnectionError when nobody answers in time, DecodeError for an answer that is not JSON.
 */
export function send(fetch: Fetch, request: Request): Promise<unknown> {
  const { timeoutMs = LONGEST_PATIENCE_MS, signal: outer } = request
  const ask = async (signal: AbortSignal) => {
    try {
      return await exchange(fetch, request, signal)
    } catch (error) {
      if (error instanceof ApiError || error instanceof DecodeError) throw error
      throw new ConnectionError(undefined, { cause: error, isLate: signal.aborted && !outer?.aborted })
    }
  }
  return within(timeoutMs, ask, outer)
}

async function exchange(fetch: Fetch, { method, path, body }: Request, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    // A captive portal or an expired gateway session redirects; following it would only hide that.
    redirect: 'error',
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal,
  })
  const answer = await response.text()
  if (!response.ok) throw problemOf(response, answer)
  return response.status === 204 ? undefined : parse(answer)
}

/** Exchanges over one `fetch`, by their method. */
export function callsOver(fetch: Fetch) {
  const ask = (request: Request) => send(fetch, request)
  return {
    ask,
    get: (path: string) => ask({ method: 'GET', path }),
    post: (path: string, body?: Record<string, unknown>, timeoutMs = LONGEST_PATIENCE_MS) =>
      ask({ method: 'POST', path, timeoutMs, ...(body && { body }) }),
    remove: (path: string) => ask({ method: 'DELETE', path }),
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new DecodeError('reply', 'JSON')
  }
}

function problemOf(response: Response, body: string): ApiError {
  const told = tryProblem(response, body)
  return new ApiError({
    ...told,
    status: response.status,
    retryAfterSeconds: retryAfter(response.headers.get('retry-after')),
    publicUrl:
      told.code === 'cross_site_request'
        ? /^<(https?:.+)>; rel="canonical"$/.exec(response.headers.get('link') ?? '')?.[1]
        : undefined,
  })
}

function tryProblem({ headers, status }: Response, body: string): Pick<ApiErrorParts, 'code' | 'triesLeft'> {
  try {
    const fields = fieldsOf(parse(body))
    // By either of what only problems have (RFC 9457 §3): something on the way may have renamed the type.
    const isOurs = headers.get('content-type')?.startsWith('application/problem+json') || fields['status'] === status
    return { code: isOurs ? text(fields, 'code') : 'unrecognised', triesLeft: optional(amount)(fields, 'tries_left') }
  } catch {
    return { code: 'unrecognised', triesLeft: undefined }
  }
}

// RFC 9110 section 10.2.3 has a date form too. It would compare our clock with theirs, so only seconds are taken.
const retryAfter = (header: string | null): number | undefined =>
  header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined
