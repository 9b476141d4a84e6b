import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import ipaddr from 'ipaddr.js'

const IPV4_NETWORK_BITS = 24
const IPV6_NETWORK_BITS = 64

/**
 * The client's address in canonical form, IPv4 never as mapped IPv6. Fastify has already followed `X-Forwarded-For`
 * through the trusted proxies; should one of them have passed on something that is no address, the proxy itself counts.
 */
export function clientAddress(request: FastifyRequest): string {
  return canonical(request.ip) ?? canonical(request.socket.remoteAddress ?? '') ?? 'unknown'
}

/** What a rate limit counts by: an IPv4 address, or the IPv6 /64 that one customer has (RFC 6177). */
export function addressBlock(address: string): string {
  return ipaddr.IPv6.isValid(address) ? `${networkOf(address)}` : address
}

/** Whether two addresses are likely in one place: the same IPv4 /24 or IPv6 /64. */
export function isSameNetwork(one: string, other: string): boolean {
  const network = networkOf(one)
  return network !== undefined && network === networkOf(other)
}

function networkOf(address: string): string | undefined {
  if (ipaddr.IPv4.isValid(address)) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${IPV4_NETWORK_BITS}`)}/${IPV4_NETWORK_BITS}`
  }
  if (!ipaddr.IPv6.isValid(address)) return undefined
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${IPV6_NETWORK_BITS}`)}/${IPV6_NETWORK_BITS}`
}

function canonical(address: string): string | undefined {
  // A zone (fe80::1%eth0) names a network card of this machine: of no use to anyone else.
  const [bare = ''] = address.split('%')
  return isIP(bare) !== 0 ? ipaddr.process(bare).toString() : undefined
}
