import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import { tokenShownIn } from '../http/access-token.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { type NetworkFailures, refuseExcess } from '../http/failure-limits.ts'
import { requestContextOf } from '../http/request-context.ts'
import { isOfBrowser } from '../http/visits.ts'
import type { OnAdminNews } from './admin-news.ts'

export interface AdminGuardOptions {
  token: string
  /** What the port listens on, by which it may be asked for. */
  host: string
  /** Counts requests without the token, by client address. */
  failures: NetworkFailures
  clientAddresses: Pick<ClientAddresses, 'of'>
  onNews: OnAdminNews
}

/**
 * Lets in whoever shows the token, but no browser. A page that somebody on this machine has open may send requests to
 * its ports, which `Origin` tells, or have its own name lead to this port (DNS rebinding), which `Host` tells. Neither
 * has the token, as browsers do not add it by themselves; here neither gets to try.
 * @throws ScanInError `cross_site_request`; `authentication_required`, after too many `slow_down`: the right token is
 *   taken all the same
 */
export function createAdminGuard({ token, host, failures, clientAddresses, onNews }: AdminGuardOptions) {
  const expected = hashSecret(token)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { headers } = request
    if (!isOwnName(headers.host, host) || isOfBrowser(headers)) throw new ScanInError('cross_site_request')
    const shown = tokenShownIn(headers)
    if (shown?.scheme === 'bearer' && isSameHash(hashSecret(shown.token), expected)) return
    const by = requestContextOf(request, clientAddresses)
    refuseExcess(await failures.excess(by.address))
    await failures.count(by.address)
    onNews({ type: 'refused', by })
    reply.header('www-authenticate', 'Bearer')
    throw new ScanInError('authentication_required')
  }
}

const NAME_AND_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/

/** Whether `Host` names this port: nobody can have an address, or `localhost`, lead elsewhere. */
function isOwnName(said = '', own: string): boolean {
  const [, address, name = address] = NAME_AND_PORT.exec(said.toLowerCase()) ?? []
  return name !== undefined && (isIP(name) !== 0 || name === 'localhost' || name === own.toLowerCase())
}
