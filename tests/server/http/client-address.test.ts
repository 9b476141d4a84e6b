import { describe, expect, test } from '@jest/globals'
import type { FastifyRequest } from 'fastify'
import { addressBlock, clientAddress, isSameNetwork } from '../../../server/http/client-address.ts'

const from = (ip: string, remoteAddress = '10.0.0.9') =>
  clientAddress({ ip, socket: { remoteAddress } } as FastifyRequest)

describe("a client's address", () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is %s', (ip, address) => {
    expect(from(ip)).toBe(address)
  })

  test.each(['unknown', '', '192.0.2', '<script>', '1.2.3.4, 5.6.7.8'])(
    'that is none counts as the proxy: %j',
    (ip) => {
      expect(from(ip)).toBe('10.0.0.9')
    },
  )
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
])('%s and %s on the same network: %s', (one, other, expected) => {
  expect(isSameNetwork(one, other)).toBe(expected)
})
