import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import ipaddr from 'ipaddr.js'
import { createAddressRanges } from './address-ranges.ts'
import { withoutBlanks } from './blanks.ts'
import { createProxyWarnings } from './proxy-warnings.ts'

/** Where a client is, as far as can be told. */
export interface ClientAddress {
  /** In canonical form, IPv4 never as mapped IPv6: shown to people, and counted by limits. */
  address: string
  /** Whether it says where the client is. One that may be a proxy's says nothing: others are at it too. */
  isKnown: boolean
}

export interface ClientAddresses {
  /** Where the client is that a request comes from: what connects, or what the proxies in `TRUST_PROXY` say. */
  of(request: IncomingMessage): ClientAddress
  /** Whether a proxy in `TRUST_PROXY` sent it: what its other headers say may then be the proxy's word. */
  isFromProxy(request: IncomingMessage): boolean
  /** To be shown every request: warns, once, of a proxy that nobody named. */
  notice(request: IncomingMessage): void
}

interface ClientAddressOptions {
  /** Addresses and CIDRs of proxies. */
  trustProxy: readonly string[]
  /** How many proxies a request passes, each of which adds the address that it was called from. */
  trustProxyHops: number
  logger: Pick<FastifyBaseLogger, 'warn'>
}

const IPV4_NETWORK_BITS = 24
const IPV6_NETWORK_BITS = 64

/**
 * Headers that browsers do not send and intermediaries add: `Via` (RFC 9110 §7.6.3), `Forwarded` (RFC 7239), the
 * X-Forwarded-* and X-Real-IP of common proxies, the …Client-IP and …Connecting-IP of content networks, what Envoy, Google,
 * Amazon and Netlify call it, and `CDN-Loop` (RFC 8586). A name too many here costs somebody six digits; one too few takes a
 * proxy for a neighbour.
 */
const FORWARDING =
  /^via$|forwarded|real-?ip|client-?ip|connect(ing|ion)-?ip|external-address|user-ip|viewer-address|^x-amzn-|^cdn-loop$/

/** `192.0.2.7:4711`, `[2001:db8::7]`, `[2001:db8::7]:4711`: as some proxies write an address. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/

/** Many networks have these at once: the same prefix is no sign of the same place (RFC 4291 §2.5.6, RFC 4380 §4). */
const RANGES_OF_NO_PLACE = new Set(['linkLocal', 'unspecified', 'teredo', 'rfc6052'])

const TRANSLATED = ['64:ff9b::/96', '::ffff:0:0:0/96'].map((range) => ipaddr.IPv6.parseCIDR(range))

/** The only reader of `X-Forwarded-For`. */
export function createClientAddresses({ trustProxy, trustProxyHops, logger }: ClientAddressOptions): ClientAddresses {
  const isProxy = createAddressRanges(trustProxy)
  const warnings = createProxyWarnings(logger)

  const peerOf = ({ socket }: IncomingMessage) => canonical(socket.remoteAddress ?? '') ?? 'unknown'

  return {
    of(request) {
      const peer = peerOf(request)
      if (!isProxy(peer)) return { address: peer, isKnown: isPlace(peer) && !isForwarded(request.headers) }
      const named = namedClient(request.headers, trustProxyHops)
      if (named !== undefined) {
        // Nobody walks on: people may be in a listed network too.
        if (isProxy(named)) warnings.listed(peer, named)
        return { address: named, isKnown: isPlace(named) }
      }
      warnings.silent(peer)
      return { address: peer, isKnown: false }
    },

    isFromProxy: (request) => isProxy(peerOf(request)),

    notice(request) {
      if (!isForwarded(request.headers)) return
      const peer = peerOf(request)
      if (!isProxy(peer)) warnings.unnamed(peer)
    },
  }
}

/** What a rate limit counts by: an IPv4 address, or the IPv6 /64 that one customer has (RFC 6177). */
export function addressBlock(address: string, ipv6Bits = IPV6_NETWORK_BITS): string {
  return ipaddr.IPv6.isValid(address) ? ipv6Network(address, ipv6Bits) : address
}

/** Whether two clients are known to be in one place: the same IPv4 /24 or IPv6 /64. Unknown is never the same. */
export function isSameNetwork(one: ClientAddress, other: ClientAddress): boolean {
  if (!one.isKnown || !other.isKnown) return false
  const network = networkOf(one.address)
  return network !== undefined && network === networkOf(other.address)
}

/**
 * The address that the proxy `hops` away wrote. Counted from the end: all before it may be the client's own invention,
 * whatever range it is in.
 */
function namedClient(headers: IncomingHttpHeaders, hops: number): string | undefined {
  // Node joins several lines of it by commas, in their order (RFC 9110 §5.3).
  const list = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  const entry = withoutBlanks(list.at(-hops) ?? '')
  const [, bracketed, bare = entry] = WITH_PORT.exec(entry) ?? []
  const address = canonical(bracketed ?? bare)
  return address !== undefined && ipaddr.process(address).range() !== 'unspecified' ? address : undefined
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => FORWARDING.test(name))
}

function isPlace(address: string): boolean {
  return isIP(address) !== 0 && !RANGES_OF_NO_PLACE.has(ipaddr.process(address).range())
}

function networkOf(address: string): string | undefined {
  if (ipaddr.IPv4.isValid(address)) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${IPV4_NETWORK_BITS}`)}/${IPV4_NETWORK_BITS}`
  }
  return ipaddr.IPv6.isValid(address) ? ipv6Network(address, IPV6_NETWORK_BITS) : undefined
}

function ipv6Network(address: string, bits: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)}/${bits}`
}

function canonical(address: string): string | undefined {
  // A zone (fe80::1%eth0) names a network card of this machine: of no use to anyone else.
  const [bare = ''] = address.split('%')
  if (isIP(bare) === 0) return undefined
  const parsed = ipaddr.process(bare)
  return parsed instanceof ipaddr.IPv6 && isTranslated(parsed)
    ? ipaddr.fromByteArray(parsed.toByteArray().slice(12)).toString()
    : parsed.toString()
}

/**
 * Whether it stands for an IPv4 address: a translator shows all of IPv4 as one IPv6 network (RFC 6052 §2.1,
 * RFC 7915 §1.1), and that address is the client's. In a network's own prefix (RFC 8215) it is at the end where that is
 * a /96; with a shorter prefix, nothing but zeros is there.
 */
function isTranslated(address: ipaddr.IPv6): boolean {
  if (TRANSLATED.some((range) => address.match(range))) return true
  return (
    address.range() === 'rfc6052' &&
    address
      .toByteArray()
      .slice(13)
      .some((byte) => byte !== 0)
  )
}
