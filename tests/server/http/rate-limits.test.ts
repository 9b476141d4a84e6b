import { expect, test } from '@jest/globals'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ScanInError } from '../../../server/errors.ts'
import { createNetworkLimit } from '../../../server/http/rate-limits.ts'

/** Of one a minute and address. */
function createLimit(perMinute = 1) {
  const limit = createNetworkLimit(
    (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
    'begun',
    perMinute,
  )
  return (address: string, task = async () => 'begun') =>
    limit.spend(address, task).catch((refusal: ScanInError) => refusal.code)
}

const subnet = (at: number) => `2001:db8:0:${at.toString(16)}::1`

test('an IPv6 network of a customer begins four times as much as a /64, or eight where it is a /48', async () => {
  const spend = createLimit()
  const of56 = [0, 1, 2, 3, 4].map(subnet)
  const others = [0x100, 0x200, 0x300, 0x400, 0x500].map(subnet)
  const answers: string[] = []
  for (const address of [...of56, ...others]) answers.push(await spend(address))
  expect(answers).toEqual([...Array(4).fill('begun'), 'slow_down', ...Array(4).fill('begun'), 'slow_down'])
  expect(await spend('2001:db8:1::1')).toBe('begun')
})

test('an IPv4 address is one by itself', async () => {
  const spend = createLimit()
  for (let at = 1; at < 20; at++) expect(await spend(`192.0.2.${at}`)).toBe('begun')
  expect(await spend('192.0.2.1')).toBe('slow_down')
})

test('what a /64 is refused counts for no other of its network', async () => {
  const spend = createLimit()
  for (let times = 0; times < 20; times++) await spend(subnet(0))
  for (const at of [1, 2, 3]) expect(await spend(subnet(at))).toBe('begun')
})

test('what fails by our own fault is taken back from all that it counted for', async () => {
  const spend = createLimit()
  const failing = () => Promise.reject(new ScanInError('store_unavailable'))
  for (let at = 0; at < 20; at++) expect(await spend(subnet(at), failing)).toBe('store_unavailable')
  for (const at of [0, 1, 2, 3]) expect(await spend(subnet(at))).toBe('begun')
})

test('with 0 nothing is counted', async () => {
  const spend = createLimit(0)
  for (let at = 0; at < 20; at++) expect(await spend(subnet(0))).toBe('begun')
})
