import { describe, expect, test } from '@jest/globals'
import { loginIdOf, tokenOfFragment, tokenOfScanLink } from '../../../web/src/wire/scan-link.ts'

const token = 'V1StGXR8_Z5jdHi6.abcdefghijklmnop-_ABCD'
const origin = 'https://scanin.example'

describe('what a QR code says', () => {
  test.each([`${origin}/scan#${token}`, ` ${origin}/scan#${token}\n`, `HTTPS://SCANIN.example/scan#${token}`])(
    '%j is a code of this site',
    (text) => {
      expect(tokenOfScanLink(text, origin)).toBe(token)
    },
  )

  test.each([
    ['another host', `https://evil.example/scan#${token}`],
    ['another scheme', `http://scanin.example/scan#${token}`],
    ['another port', `https://scanin.example:8443/scan#${token}`],
    ['our host as a user name', `https://scanin.example@evil.example/scan#${token}`],
    ['another page', `${origin}/home#${token}`],
    ['a page below', `${origin}/scan/x#${token}`],
    ['no token', `${origin}/scan`],
    ['a token in the query', `${origin}/scan?${token}`],
    ['a token cut short', `${origin}/scan#${token.slice(0, -1)}`],
    ['a token and more', `${origin}/scan#${token}x`],
    ['a script', `javascript:alert(1)#${token}`],
    ['a bare token', token],
    ['no address at all', 'WIFI:S:cafe;T:WPA;P:secret;;'],
    ['what no browser takes for an address', `\u00a0${origin}/scan#${token}`],
    ['nothing', ''],
  ])('%s is not', (_what, text) => {
    expect(tokenOfScanLink(text, origin)).toBeUndefined()
  })
})

test('a fragment is a token with or without its hash sign', () => {
  expect(tokenOfFragment(`#${token}`)).toBe(token)
  expect(tokenOfFragment(token)).toBe(token)
  expect(tokenOfFragment('')).toBeUndefined()
  expect(tokenOfFragment('#devices')).toBeUndefined()
})

test('the login id is what stands before the dot', () => {
  expect(loginIdOf(token)).toBe('V1StGXR8_Z5jdHi6')
})
