import { describe, expect, test } from '@jest/globals'
import { createCookies, readCookie } from '../../../server/http/cookies.ts'

describe('reading one cookie', () => {
  test.each([
    ['session=a', 'a'],
    ['other=1; session=a; third=2', 'a'],
    ['other=1;session=a', 'a'],
    ['session=', ''],
    ['session=a=b', 'a=b'],
    ['session=first; session=second', 'first'],
    ['  session=a  ', 'a'],
    ['\tsession=a\t; other=1', 'a'],
    ['session= ', ''],
    ['session=\u00a0a\u00a0', '\u00a0a\u00a0'],
    ['xsession=no; session=a', 'a'],
    ['sessionx=no; session=a', 'a'],
    ['x="; session=a', 'a'],
    ['$Version="1"; session="a";$Path="/"', 'a'],
    ['session="a" ; other=1', 'a'],
    ['session=""', ''],
    ['session="', '"'],
    ['session="a', '"a'],
    ['session=a"', 'a"'],
    ['session=""a""', '"a"'],
    ['session="a; other=1"', '"a'],
    ['session="\u00a0a"', '\u00a0a'],
    ['session=\u00a0"a"', '\u00a0"a"'],
  ])('%s', (header, value) => {
    expect(readCookie(header, 'session')).toBe(value)
  })

  test.each([
    '',
    'session',
    'xsession=a',
    'sessionx=a',
    ';;;',
    'other=session=a',
    '\u00a0session=a',
    '\u000bsession=a',
    '\ufeffsession=a',
    'session\u00a0=a',
    'session =a',
  ])('finds none in: %s', (header) => {
    expect(readCookie(header, 'session')).toBeUndefined()
  })

  test('finds none where there is no header', () => {
    expect(readCookie(undefined, 'session')).toBeUndefined()
  })
})

describe('setting cookies', () => {
  test('over https they are bound to the host', () => {
    const cookies = createCookies(true)
    expect(cookies.set(cookies.sessionName, 'value', 60)).toBe(
      '__Host-scanin_session=value; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax',
    )
    expect(cookies.browserKeyName('id')).toBe('__Host-scanin_id')
  })

  test('over plain http they go without what would lock them out', () => {
    const cookies = createCookies(false)
    expect(cookies.set(cookies.browserKeyName('id'), '', 0)).toBe(
      'scanin_id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
    )
  })
})
