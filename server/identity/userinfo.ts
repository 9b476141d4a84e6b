import { ScanInError } from '../errors.ts'
import type { BearerVerifier } from './identity.ts'
import { userOfClaims } from './oidc-claims.ts'

const TIMEOUT_MS = 3000

/**
 * An opaque token, asked about at the identity provider's userinfo endpoint (OpenID Connect Core §5.3).
 * @throws ScanInError `identity_provider_unavailable` when the provider does not answer: that says nothing about the token
 */
export function createUserinfo(url: string): BearerVerifier {
  return async (token) => {
    const reply = await ask(url, token)
    if (reply.status >= 500) throw new ScanInError('identity_provider_unavailable')
    if (reply.status !== 200) return undefined
    const claims: unknown = await reply.json().catch(() => undefined)
    return isRecord(claims) ? userOfClaims(claims) : undefined
  }
}

async function ask(url: string, token: string): Promise<Response> {
  try {
    return await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (cause) {
    throw new ScanInError('identity_provider_unavailable', { cause })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
