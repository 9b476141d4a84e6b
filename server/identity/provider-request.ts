import { ScanInError } from '../errors.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { reasonOf } from '../http/fetch-reason.ts'

const TIMEOUT_MS = 3000

/**
 * Asks the identity provider. The reply is whole.
 * @throws ScanInError `identity_provider_unavailable` when it does not answer, or not now: nothing is known of the token
 */
export async function askProvider(url: string, request: RequestInit): Promise<Response> {
  const reply = await boundedFetch(url, { redirect: 'error', ...request }, TIMEOUT_MS).catch((error: unknown) => {
    // Errors of `fetch` may have the whole address in them, and a key in its query.
    throw new ScanInError('identity_provider_unavailable', { cause: new Error(reasonOf(error)) })
  })
  if (reply.status >= 500 || reply.status === 429) throw new ScanInError('identity_provider_unavailable')
  return reply
}

/** Asks its userinfo endpoint about a token (OpenID Connect Core §5.3.1), as `askProvider` does. */
export function askUserinfo(url: string, token: string): Promise<Response> {
  return askProvider(url, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } })
}

/** The JSON in such a reply. `undefined`: it is none. */
export async function jsonIn(reply: Response): Promise<unknown> {
  const text = await reply.text()
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
