import { expect, test } from '@jest/globals'
import type { Login } from '../../../server/login/login.ts'
import { decodeLogin, encodeLogin } from '../../../server/login/login-record.ts'

const base = {
  createdAt: 1,
  expiresAt: 2,
  browserKeyHash: 'key',
  qrSecrets: [{ hash: 'old', goodUntil: 3 }, { hash: 'typed', isTyped: true as const }, { hash: 'new' }],
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '203.0.113.7',
}
const phone = { id: 'phone', user: { id: '1', name: 'Ada', email: 'ada@example.com', groups: ['staff'] } }
const LOGINS: Login[] = [
  { ...base, status: 'pending' },
  { ...base, status: 'pending', returnTo: '/welcome' },
  { ...base, status: 'pending', returnTo: '/on', application: { name: 'Wiki', origin: 'https://wiki.example' } },
  { ...base, status: 'scanned', phone, match: 'none', returnTo: '/on', application: { name: 'A client' } },
  { ...base, status: 'pending', returnTo: '/on', application: { name: 'A page', scopes: ['openid', 'email'] } },
  { ...base, status: 'pending', returnTo: '/on', application: { name: 'A TV', scopes: ['openid'], isDevice: true } },
  { ...base, status: 'pending', mayBeProxy: true },
  { ...base, status: 'scanned', phone, match: 'code', mayBeProxy: true, returnTo: '/welcome' },
  { ...base, status: 'scanned', phone, match: 'code' },
  { ...base, status: 'scanned', phone: { ...phone, goodUntil: 9, turn: 2 }, match: 'none' },
  { ...base, status: 'match_required', phone, remember: true, matchCodeHash: 'code', triesLeft: 5 },
  { ...base, status: 'authenticated', phone, remember: false, salt: 'salt' },
  { ...base, status: 'delivered', phone, remember: false },
  { ...base, status: 'delivered', phone, remember: false, salt: 'salt' },
  { ...base, status: 'denied', phone },
]

test.each(LOGINS)('a login that is $status comes out of a store as it went in', (login) => {
  expect(decodeLogin(JSON.parse(JSON.stringify(encodeLogin(login))))).toEqual(login)
})

test('a login that leads to no application takes no byte more in a store than it did', () => {
  const bytes = (login: Login) => JSON.stringify(encodeLogin(login))
  expect(bytes({ ...base, status: 'pending' })).toContain('"203.0.113.7",null]')
  expect(bytes({ ...base, status: 'pending', returnTo: '/welcome' })).toContain('"203.0.113.7","/welcome"]')
})

test.each([undefined, null, {}, [], ['pending'], ['unheard of', []], { ...base, status: 'pending' }])(
  'what no version of this wrote is no login: %j',
  (value) => {
    expect(decodeLogin(value)).toBeUndefined()
  },
)
