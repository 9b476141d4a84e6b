import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { addressBlock, createClientAddresses, isSameNetwork } from '../../../server/http/client-address.ts'

interface Came {
  /** What connects. */
  from: string | undefined
  headers?: Record<string, string>
}

function requestThat({ from, headers = {} }: Came): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: from })
  return Object.assign(new IncomingMessage(socket), { headers })
}

function addressOf(came: Came, trustProxyHops = 1, trustProxy = ['10.0.0.0/8', '2001:db8:ffff::/48', '::1']) {
  return createClientAddresses({ trustProxy, trustProxyHops, logger: { warn: () => undefined } }).of(requestThat(came))
}

const named = (list: string, from = '10.0.0.9') => ({ from, headers: { 'x-forwarded-for': list } })
const known = (address: string) => ({ address, isKnown: true })
const unknown = (address: string) => ({ address, isKnown: false })

describe('what connects by itself', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['127.0.0.1', '127.0.0.1'],
    // RFC 6052: behind a translator every IPv4 client is in one IPv6 network.
    ['64:ff9b::192.0.2.7', '192.0.2.7'],
    ['::ffff:0:192.0.2.7', '192.0.2.7'],
    ['64:ff9b:1::192.0.2.7', '192.0.2.7'],
  ])('from %s is at %s', (from, address) => {
    expect(addressOf({ from })).toEqual(known(address))
  })

  test.each([
    ['fe80::1%eth0', 'fe80::1'],
    ['169.254.3.4', '169.254.3.4'],
    // A /48 of RFC 8215, with 192.0.2.7 in the middle: all of IPv4 is near to it.
    ['64:ff9b:1:c000:2:700::', '64:ff9b:1:c000:2:700::'],
    ['2001:0:4136:e378::1', '2001:0:4136:e378::1'],
    [undefined, 'unknown'],
  ])('from %s is nowhere in particular', (from, address) => {
    expect(addressOf({ from })).toEqual(unknown(address))
  })

  test.each([
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'forwarded',
    'x-real-ip',
    'via',
    'cf-connecting-ip',
    'true-client-ip',
    'x-cluster-client-ip',
    'x-azure-clientip',
    'x-original-forwarded-for',
    'x-envoy-external-address',
    'x-appengine-user-ip',
    'cloudfront-viewer-address',
    'x-nf-client-connection-ip',
    'cdn-loop',
    'x-amzn-trace-id',
  ])('and sends %s may be a proxy that nobody named', (name) => {
    expect(addressOf({ from: '192.0.2.7', headers: { [name]: '198.51.100.7' } })).toEqual(unknown('192.0.2.7'))
    expect(addressOf({ from: '192.0.2.7', headers: { [name]: '' } })).toEqual(unknown('192.0.2.7'))
  })

  test('and sends what browsers send is known', () => {
    const headers = { host: 'x', 'user-agent': 'via', origin: 'http://x', referer: 'http://x', cookie: 'forwarded=1' }
    expect(addressOf({ from: '192.0.2.7', headers })).toEqual(known('192.0.2.7'))
  })
})

describe('what a trusted proxy names', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    [' 192.0.2.7\t', '192.0.2.7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:DB8::7]', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:1', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['garbage,, 192.0.2.7', '192.0.2.7'],
    // In a listed range itself, and still the client: nobody walks on.
    ['198.51.100.1, 10.1.2.3', '10.1.2.3'],
  ])('by %j is the client at %s', (list, address) => {
    expect(addressOf(named(list))).toEqual(known(address))
  })

  test.each([
    '',
    ',',
    'unknown',
    '_hidden',
    'localhost',
    '192.0.2',
    '192.0.2.7.',
    '192.0.2.256',
    '192.0.2.7:',
    '192.0.2.7:http',
    '[192.0.2.7',
    '[]',
    '[]:80',
    '"192.0.2.7"',
    '\u00a0192.0.2.7',
    'for=192.0.2.7',
    '0xc0.0.2.7',
    '0.0.0.0',
    '::',
    '192.0.2.7,',
    '192.0.2.7, unknown',
    '192.0.2.7 198.51.100.1',
    '<script>',
  ])('by %j is nobody: the proxy counts, and is no place', (list) => {
    expect(addressOf(named(list))).toEqual(unknown('10.0.0.9'))
  })

  test('by nothing, or by another header than X-Forwarded-For, is nobody', () => {
    expect(addressOf({ from: '10.0.0.9' })).toEqual(unknown('10.0.0.9'))
    const headers = { forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' }
    expect(addressOf({ from: '10.0.0.9', headers })).toEqual(unknown('10.0.0.9'))
  })

  test.each(['::ffff:10.0.0.9', '2001:db8:ffff:1::9', '2001:DB8:FFFF::1', '::1'])('is believed from %s', (from) => {
    expect(addressOf(named('192.0.2.7', from))).toEqual(known('192.0.2.7'))
  })

  test.each(['11.0.0.9', '2001:db8:fffe::9', '::2'])('is not believed from %s', (from) => {
    expect(addressOf(named('192.0.2.7', from))).toEqual(unknown(from))
  })

  test.each([
    ['192.0.2.7, 203.0.113.1', '192.0.2.7'],
    ['198.51.100.66, 192.0.2.7, 203.0.113.1', '192.0.2.7'],
    ['192.0.2.7:4711, unknown', '192.0.2.7'],
  ])('over two hops is the last but one: %j', (list, address) => {
    expect(addressOf(named(list), 2)).toEqual(known(address))
  })

  test.each(['192.0.2.7', '', ', 203.0.113.1', 'unknown, 203.0.113.1'])('over two hops is nobody by %j', (list) => {
    expect(addressOf(named(list), 2)).toEqual(unknown('10.0.0.9'))
  })
})

test('what nobody trusts is not even listened to', () => {
  expect(addressOf(named('192.0.2.7'), 1, [])).toEqual(unknown('10.0.0.9'))
})

test('a start is warned once of a proxy that nobody named, of one that names nobody, and of one that names a proxy', () => {
  const warnings: { peer: unknown; words: unknown }[] = []
  const addresses = createClientAddresses({
    trustProxy: ['10.0.0.9'],
    trustProxyHops: 1,
    logger: { warn: (about: object, words?: unknown) => void warnings.push({ peer: Object.values(about)[0], words }) },
  })
  const see = (came: Came) => {
    addresses.notice(requestThat(came))
    addresses.of(requestThat(came))
  }
  see({ from: '192.0.2.1' })
  see(named('192.0.2.7'))
  expect(warnings).toEqual([])
  see(named('192.0.2.7', '192.0.2.1'))
  see(named('192.0.2.7', '192.0.2.2'))
  see(named('unknown'))
  see({ from: '10.0.0.9' })
  see(named('192.0.2.7, 10.0.0.9'))
  see(named('192.0.2.8, 10.0.0.9'))
  expect(warnings.map(({ peer }) => peer)).toEqual(['192.0.2.1', '10.0.0.9', '10.0.0.9'])
  expect(warnings[0]?.words).toContain('TRUST_PROXY=192.0.2.1')
  expect(warnings[1]?.words).toContain('TRUST_PROXY_HOPS')
  expect(warnings[2]?.words).toMatch(/, 10\.0\.0\.9, is in TRUST_PROXY itself.*TRUST_PROXY_HOPS/)
})

test('a limit counts an IPv4 address, and an IPv6 /64 as one', () => {
  expect(addressBlock('192.0.2.7')).toBe('192.0.2.7')
  expect(addressBlock('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(addressBlock('2001:db8:1:2::ffff')).toBe('2001:db8:1:2::/64')
})

test.each([
  ['192.0.2.1', '192.0.2.200', true],
  ['192.0.2.1', '192.0.3.1', false],
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::1', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['192.0.2.1', '2001:db8::1', false],
  ['unknown', 'unknown', false],
])('%s and %s on the same network: %s, if both are known, and else never', (one, other, expected) => {
  expect(isSameNetwork(known(one), known(other))).toBe(expected)
  expect(isSameNetwork(unknown(one), known(other))).toBe(false)
  expect(isSameNetwork(known(one), unknown(other))).toBe(false)
  expect(isSameNetwork(unknown(one), unknown(other))).toBe(false)
})
