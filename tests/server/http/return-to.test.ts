import { expect, test } from '@jest/globals'
import { createReturnCheck } from '../../../server/http/return-to.ts'

const allowed = createReturnCheck('https://login.example.com', ['https://app.example.com'], '/auth/enter')

test.each([
  ['/', '/'],
  ['/reports?from=1&to=2#top', '/reports?from=1&to=2#top'],
  ['https://login.example.com/home', '/home'],
  ['https://app.example.com/a?b=c', 'https://app.example.com/a?b=c'],
  ['HTTPS://APP.EXAMPLE.COM', 'https://app.example.com/'],
  ['/a/../b', '/b'],
  ['/auth/callback?code=of-an-application-at-this-host', '/auth/callback?code=of-an-application-at-this-host'],
  ['/oauth/logouts', '/oauth/logouts'],
  ['/auth/%65nter?x=%65', '/auth/enter?x=%65'],
  ['/%61%5A%39%2D%2e%5f%7E%7e', '/aZ9-._~~'],
  ['/a%2fb%20%40%5b%60%7b%3a%c3%a9%25', '/a%2fb%20%40%5b%60%7b%3a%c3%a9%25'],
])('follows %s', (returnTo, followed) => {
  expect(allowed(returnTo)).toBe(followed)
})

test.each([
  '',
  '//evil.test',
  '///evil.test',
  '/\\evil.test',
  '\\\\evil.test',
  '%2f%2fevil.test',
  '/%2fevil.test',
  '/%5Cevil.test',
  'javascript:alert(1)',
  'data:text/html,hi',
  'https://evil.test',
  'https://app.example.com.evil.test',
  'https://app.example.com@evil.test/',
  'https://user@app.example.com/',
  'https://user:secret@login.example.com/',
  'http://app.example.com/',
  'https://app.example.com:8443/',
  'https:app.example.com',
  'https:///app.example.com',
  '/.//evil.test',
  '/x/..//evil.test',
  '/%2e//evil.test',
  'https://login.example.com//evil.test',
  '/path\r\nset-cookie: a=b',
  '/\t/evil.test',
  ' /home',
  'home',
  `/${'x'.repeat(3000)}`,
  `/oauth/authorize?${'x'.repeat(3200)}`,
  '/sign-in/oidc',
  'https://login.example.com/%73ign-in/oidc',
])('drops %j', (returnTo) => {
  expect(allowed(returnTo)).toBeUndefined()
})

test('drops nothing at all quietly', () => {
  expect(allowed(undefined)).toBeUndefined()
})

test('a request of an OpenID client may be longer', () => {
  const request = `/oauth/authorize?state=${'x'.repeat(3000)}`
  expect(createReturnCheck('https://login.example.com', [], '/oauth/authorize')(request)).toBe(request)
})

test.each([
  ['/reports?name=', 300],
  ['/reports#', 300],
  ['https://app.example.com/', 300],
  ['/auth/enter?state=', 1000],
])('what %s leads to is dropped where it grows too long in canonical form', (start, times) => {
  const check = createReturnCheck('https://login.example.com', ['https://app.example.com'], '/auth/enter')
  expect(check(start + '‹'.repeat(times / 10))).toBe(start + '%E2%80%B9'.repeat(times / 10))
  expect(check(start + '‹'.repeat(times))?.length).toBeUndefined()
})
