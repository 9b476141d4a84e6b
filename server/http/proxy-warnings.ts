import type { FastifyBaseLogger } from 'fastify'

/** What a start is told about its proxies: each of them once, for every request would say the same. */
export interface ProxyWarnings {
  /** A forwarding header came from a peer that nobody named. */
  unnamed(peer: string): void
  /** A proxy that was named does not say who its client is. */
  silent(peer: string): void
  /** The client that a proxy names may be the next proxy. */
  listed(peer: string, client: string): void
}

export function createProxyWarnings(logger: Pick<FastifyBaseLogger, 'warn'>): ProxyWarnings {
  const warned = new Set<keyof ProxyWarnings>()

  function once(about: keyof ProxyWarnings, peer: string, words: string): void {
    if (warned.has(about)) return
    warned.add(about)
    logger.warn({ peer }, words)
  }

  return {
    unnamed: (peer) =>
      once(
        'unnamed',
        peer,
        `A request was forwarded by ${peer}, which is not in TRUST_PROXY: all clients behind it count as one, and logins ` +
          `ask for six digits. If it is a proxy of yours, set TRUST_PROXY=${peer}`,
      ),
    silent: (peer) =>
      once(
        'silent',
        peer,
        `${peer} is in TRUST_PROXY, and its X-Forwarded-For names no client: all clients behind it count as one, and ` +
          'logins ask for six digits. Let it set X-Forwarded-For to the address of its client, and TRUST_PROXY_HOPS to the ' +
          'number of proxies that do',
      ),
    listed: (peer, client) =>
      once(
        'listed',
        peer,
        `The client that ${peer} names in X-Forwarded-For, ${client}, is in TRUST_PROXY itself. If it is a proxy, all clients ` +
          'behind it count as one, and logins ask nobody for six digits: let each proxy add the address of its client to ' +
          'X-Forwarded-For, and set TRUST_PROXY_HOPS to the number of proxies that do. If it is none, all is well, and ' +
          'TRUST_PROXY may name fewer addresses',
      ),
  }
}
