import { isIPv6 } from 'node:net'
import { addressBlock } from './client-address.ts'

/**
 * What is counted by: an IPv4 address or an IPv6 /64, which is what a customer has at least, and the /56 and /48 that one
 * may have at the most (RFC 6177). Wider networks have more people in them, and so may have more.
 */
const PREFIXES = [64, 56, 48] as const

export type Prefix = (typeof PREFIXES)[number]

/**
 * Makes a limit for each width of network.
 * @returns those that an address counts for, and by what in each; the narrowest first
 */
export function limitsAround<Limit>(make: (prefix: Prefix) => Limit): (address: string) => Counted<Limit>[] {
  const limits = PREFIXES.map((prefix) => ({ prefix, limit: make(prefix) }))
  return (address) =>
    limits
      .slice(0, isIPv6(address) ? undefined : 1)
      .map(({ prefix, limit }) => ({ limit, key: addressBlock(address, prefix) }))
}

interface Counted<Limit> {
  limit: Limit
  key: string
}
