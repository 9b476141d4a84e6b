import { describe, expect, test } from '@jest/globals'
import {
  deriveMatchCode,
  deriveSessionSecret,
  deriveUserCode,
  formatToken,
  formatUserCode,
  hashMatchCode,
  isBrowserKey,
  makeBrowserKey,
  makeLoginId,
  makeQrSecret,
  makeSalt,
  parseToken,
  parseUserCode,
} from '../../../server/login/token.ts'
import { cryptoRandomness } from '../../../server/randomness.ts'

const token = { loginId: 'AbCd_fGh-jKlMnOp', secret: '0123456789_-abcdefghij' }

describe('tokens', () => {
  test('are read as they are written', () => {
    expect(formatToken(token)).toBe('AbCd_fGh-jKlMnOp.0123456789_-abcdefghij')
    expect(parseToken(formatToken(token))).toEqual(token)
  })

  test.each([
    ['nothing', ''],
    ['no dot', 'AbCd_fGh-jKlMnOp0123456789_-abcdefghij'],
    ['an id too short', 'AbCd_fGh-jKlMnO.0123456789_-abcdefghij'],
    ['a secret too long', 'AbCd_fGh-jKlMnOp.0123456789_-abcdefghijk'],
    ['another character', 'AbCd_fGh-jKlMnOp.0123456789_-abcdefghi!'],
    ['a line behind', 'AbCd_fGh-jKlMnOp.0123456789_-abcdefghij\n'],
    ['a dot too many', 'AbCd_fGh-jKlMnOp.0123456789_.abcdefghij'],
  ])('of any other form are none: %s', (_name, text) => {
    expect(parseToken(text)).toBeUndefined()
  })

  test('and browser keys are made in their own form, never twice', () => {
    const made = new Set(
      Array.from({ length: 1000 }, () =>
        formatToken({ loginId: makeLoginId(cryptoRandomness), secret: makeQrSecret(cryptoRandomness) }),
      ),
    )
    expect(made.size).toBe(1000)
    for (const text of made) expect(parseToken(text)).toBeDefined()
    expect(isBrowserKey(makeBrowserKey(cryptoRandomness))).toBe(true)
    expect(isBrowserKey('short')).toBe(false)
  })
})

describe('the session secret', () => {
  const key = makeBrowserKey(cryptoRandomness)

  test('is the same again for the same browser, login and salt, and another for any other', () => {
    const secret = deriveSessionSecret(key, token.loginId, 'salt')
    expect(deriveSessionSecret(key, token.loginId, 'salt')).toBe(secret)
    expect(deriveSessionSecret(key, 'another login id', 'salt')).not.toBe(secret)
    expect(deriveSessionSecret(makeBrowserKey(cryptoRandomness), token.loginId, 'salt')).not.toBe(secret)
    expect(deriveSessionSecret(key, token.loginId, makeSalt(cryptoRandomness))).not.toBe(secret)
  })

  test('has 256 bits', () => {
    expect(deriveSessionSecret(key, token.loginId, 'salt')).toMatch(/^[\w-]{43}$/)
  })
})

describe('user codes', () => {
  test('are eight consonants that spell nothing, the same again for the same attempt', () => {
    const code = deriveUserCode('key', 'login', 0)
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
    expect(deriveUserCode('key', 'login', 0)).toBe(code)
    expect(deriveUserCode('key', 'login', 1)).not.toBe(code)
    expect(deriveUserCode('other', 'login', 0)).not.toBe(code)
  })

  test('use every letter about as often', () => {
    const counts = new Map<string, number>()
    for (let at = 0; at < 2000; at++) {
      for (const letter of deriveUserCode('key', `login ${at}`, 0)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(20)
    // 800 of each are expected; six standard deviations are 165.
    for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(165)
  })

  test.each(['WDJB-MJHT', 'wdjbmjht', ' wdjb mjht ', 'W-D-J-B-M-J-H-T'])(
    'are understood as people type them: %s',
    (text) => {
      expect(parseUserCode(text)).toBe('WDJBMJHT')
    },
  )

  test.each(['', 'WDJB-MJH', 'WDJB-MJHTT', 'WDJA-MJHT', 'WDJ1-MJHT', 'ßDJB-MJH'])('are not guessed at: %s', (text) => {
    expect(parseUserCode(text)).toBeUndefined()
  })

  test('are shown in two groups', () => {
    expect(formatUserCode('WDJBMJHT')).toBe('WDJB-MJHT')
  })
})

describe('match codes', () => {
  test('are six digits, leading zeros and all', () => {
    const codes = Array.from({ length: 500 }, (_, at) => deriveMatchCode('secret', `login ${at}`))
    for (const code of codes) expect(code).toMatch(/^\d{6}$/)
    expect(codes.some((code) => code.startsWith('0'))).toBe(true)
  })

  test('are one phone’s for one login', () => {
    const code = deriveMatchCode('secret', 'login')
    expect(deriveMatchCode('secret', 'login')).toBe(code)
    expect(deriveMatchCode('another', 'login')).not.toBe(code)
    expect(deriveMatchCode('secret', 'another')).not.toBe(code)
  })

  test('are hashed for one login', () => {
    expect(hashMatchCode('one', '123456')).not.toBe(hashMatchCode('other', '123456'))
  })
})
