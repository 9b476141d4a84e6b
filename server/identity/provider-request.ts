import { ScanInError } from '../errors.ts'

const TIMEOUT_MS = 3000

/**
 * Asks the identity provider.
 * @throws ScanInError `identity_provider_unavailable` when it does not answer, or not now: nothing is known of the token
 */
export async function askProvider(url: string, request: RequestInit): Promise<Response> {
  const reply = await send(url, request)
  if (reply.status >= 500 || reply.status === 429) throw new ScanInError('identity_provider_unavailable')
  return reply
}

async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), ...request })
  } catch (cause) {
    throw new ScanInError('identity_provider_unavailable', { cause })
  }
}
