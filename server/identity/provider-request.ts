import { ScanInError } from '../errors.ts'
import { reasonOf } from '../http/fetch-reason.ts'

const TIMEOUT_MS = 3000

/**
 * Asks the identity provider.
 * @throws ScanInError `identity_provider_unavailable` when it does not answer, or not now: nothing is known of the token
 */
export async function askProvider(url: string, request: RequestInit): Promise<Response> {
  const asked = fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), ...request })
  const reply = await answered(asked)
  if (reply.status >= 500 || reply.status === 429) throw new ScanInError('identity_provider_unavailable')
  return reply
}

/**
 * The JSON in such a reply. `undefined`: it is none.
 * @throws ScanInError `identity_provider_unavailable` when the reply is cut off, or takes too long
 */
export async function jsonIn(reply: Response): Promise<unknown> {
  const text = await answered(reply.text())
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function answered<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked
  } catch (error) {
    // Errors of `fetch` may have the whole address in them, and a key in its query.
    throw new ScanInError('identity_provider_unavailable', { cause: new Error(reasonOf(error)) })
  }
}
