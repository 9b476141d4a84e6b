import type { FastifyBaseLogger } from 'fastify'
import { createFailureLimit, createNetworkFailures } from '../http/failure-limits.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { ProviderReply } from './provider-call.ts'

interface ClientGuardOptions {
  makeLimiter: MakeLimiter
  logger: Pick<FastifyBaseLogger, 'warn'>
}

export interface ClientAttempt {
  /** The client's. */
  address: string
  /** Asks the provider, which knows who is a client. */
  ask: () => Promise<ProviderReply>
}

/**
 * Lets somebody ask as a client, and counts, by client and by address, those who are none or not the one they name: by
 * a wrong secret, none, or a name that nobody has. Secrets are too long to be guessed, so the right one is taken
 * however many wrong ones came before, from wherever: nobody can lock a client out. Who is wrong too often is told so.
 * Rejects as `ask` does, and with `store_unavailable` where a refusal cannot be counted.
 */
export type ClientGuard = (attempt: ClientAttempt) => Promise<ProviderReply>

/** A minute, from wherever. */
const PER_CLIENT = 40
/** More applications than one may be behind an address. */
const PER_ADDRESS = 20

export function createClientGuard({ makeLimiter, logger }: ClientGuardOptions): ClientGuard {
  const byClient = createFailureLimit(makeLimiter, 'clients', PER_CLIENT)
  const byNetwork = createNetworkFailures(makeLimiter, 'clients-from', PER_ADDRESS)

  return async ({ address, ask }) => {
    const answer = await ask()
    if (!isRefused(answer)) return answer
    const { clientId: client } = answer
    const found = await Promise.all([
      byNetwork.excess(address),
      ...(client === undefined ? [] : [byClient.excess(client)]),
    ])
    await Promise.all([byNetwork.count(address), ...(client === undefined ? [] : [byClient.count(client)])])
    const excess = found.filter(({ failures }) => failures > 0)
    if (excess.length === 0) return answer
    // Once a minute, and not for each.
    if (excess.some(({ failures }) => failures === 1)) logger.warn({ client, address }, TOO_MANY)
    return slowedDown(answer, Math.max(...excess.map(({ retryAfterSeconds }) => retryAfterSeconds)))
  }
}

const TOO_MANY = 'too many wrong client secrets: somebody guesses, or an application is set up with another one'

function isRefused({ status, body }: ProviderReply): boolean {
  return status === 401 && (body as { error?: unknown } | undefined)?.error === 'invalid_client'
}

/** In the form of RFC 6749 §5.2, with the status and header of RFC 6585 §4. */
function slowedDown({ headers, ...answer }: ProviderReply, retryAfterSeconds: number): ProviderReply {
  const { 'www-authenticate': _asks, ...others } = headers
  return {
    ...answer,
    status: 429,
    headers: { ...others, 'retry-after': String(retryAfterSeconds) },
    body: { error: 'invalid_client', error_description: 'client authentication failed too often: try again later' },
  }
}
