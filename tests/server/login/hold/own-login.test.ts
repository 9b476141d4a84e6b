import { describe, expect, test } from '@jest/globals'
import { hashSecret } from '../../../../server/hashes.ts'
import { isOwn, isProofCurrent, prove } from '../../../../server/login/hold/own-login.ts'
import type { Login } from '../../../../server/login/login.ts'
import type { Version } from '../../../../server/store/record-store.ts'

const KEY = 'k'.repeat(43)
const SHOWN = 's'.repeat(22)
const ROTATED_OUT = 'r'.repeat(22)
const NOW = 1000
const ROTATED_OUT_UNTIL = 5000
const ENDS_AT = 9000
const VERSION = 'version 1' as Version
const RECORD = { value: undefined, version: VERSION }

const login: Login = {
  status: 'pending',
  createdAt: 0,
  expiresAt: ENDS_AT,
  browserKeyHash: hashSecret(KEY),
  qrSecrets: [{ hash: hashSecret(ROTATED_OUT), goodUntil: ROTATED_OUT_UNTIL }, { hash: hashSecret(SHOWN) }],
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '192.0.2.1',
}

const browser = (secret = SHOWN, browserKey: string | undefined = KEY) => ({
  token: { loginId: 'l'.repeat(16), secret },
  browserKey,
})
const keyless = { ...browser(), browserKey: undefined }

describe("a login is proved to be a browser's own", () => {
  test('by its key, under the token that it shows and one that is still good', () => {
    expect(prove(login, RECORD, browser(), NOW)?.view).toEqual({ status: 'pending', expiresAt: ENDS_AT })
    expect(prove(login, RECORD, browser(ROTATED_OUT), NOW)?.view.status).toBe('pending')
  })

  test.each([
    ['another key', browser(SHOWN, 'x'.repeat(43)), NOW],
    ['no key', keyless, NOW],
    ['another token', browser('x'.repeat(22)), NOW],
    ['a token that was rotated out too long ago', browser(ROTATED_OUT), ROTATED_OUT_UNTIL],
  ])('not by %s', (_, stranger, now) => {
    expect(prove(login, RECORD, stranger, now)).toBeUndefined()
    expect(isOwn(login, stranger, now)).toBe(false)
  })

  test("not where it is a device's, whoever has its key", () => {
    const devices: Login = { ...login, application: { name: 'TV', scopes: ['openid'], isDevice: true } }
    expect(prove(devices, RECORD, browser(), NOW)).toBeUndefined()
    expect(isOwn(devices, browser(), NOW)).toBe(false)
  })
})

describe('a proof', () => {
  const proof = prove(login, RECORD, browser(ROTATED_OUT), NOW)
  if (proof === undefined) throw new Error('nothing to test')

  test('holds as long as its token is good', () => {
    expect(isProofCurrent(proof, VERSION, browser(ROTATED_OUT), ROTATED_OUT_UNTIL - 1)).toBe(true)
    expect(isProofCurrent(proof, VERSION, browser(ROTATED_OUT), ROTATED_OUT_UNTIL)).toBe(false)
  })

  test.each([
    ['another key', VERSION, browser(ROTATED_OUT, `${KEY.slice(0, 42)}x`)],
    ['no key', VERSION, keyless],
    ['another token', VERSION, browser(SHOWN)],
    ['another version of the login', 'version 2' as Version, browser(ROTATED_OUT)],
  ])('does not hold for %s', (_, version, stranger) => {
    expect(isProofCurrent(proof, version, stranger, NOW)).toBe(false)
  })

  test('of the token that is shown holds until the login ends', () => {
    expect(prove(login, RECORD, browser(), NOW)?.goodUntil).toBe(ENDS_AT)
  })
})
