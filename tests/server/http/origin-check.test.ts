import { describe, expect, test } from '@jest/globals'
import type { FastifyRequest } from 'fastify'
import { createOriginCheck } from '../../../server/http/origin-check.ts'

const check = createOriginCheck({
  publicUrl: 'https://login.example.com',
  allowedOrigins: ['https://app.example.com'],
  sessionCookieName: 'session',
})
const passes = (method: string, headers: Record<string, string>, config: object = {}) => {
  try {
    check({ method, headers, routeOptions: { config } } as unknown as FastifyRequest)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'cross_site_request' })
    return false
  }
}
const cookie = 'session=x'

describe('a request that carries a session and changes state', () => {
  test.each([
    [{ origin: 'https://login.example.com' }, true],
    [{ origin: 'https://app.example.com' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' }, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://known-by-another-name.test' }, true],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://login.example.com' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'none', origin: 'https://login.example.com' }, true],
    [{ 'sec-fetch-site': 'none', origin: 'https://evil.test' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }, false],
    [{ origin: 'https://evil.test' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'https://login.example.com.evil.test' }, false],
    [{ origin: 'http://login.example.com' }, false],
    [{}, false],
  ])('%j passes: %s', (headers, expected) => {
    expect(passes('POST', { ...headers, cookie })).toBe(expected)
    expect(passes('DELETE', { ...headers, cookie })).toBe(expected)
  })

  test('is judged by its bearer token alone where it has one', () => {
    expect(passes('POST', { cookie, authorization: 'Bearer abc.def', origin: 'https://evil.test' })).toBe(true)
    expect(passes('POST', { cookie, authorization: 'Basic abc', origin: 'https://evil.test' })).toBe(false)
  })
})

test('a route that changes the cookie is excused by no token beside one', () => {
  const changing = { changesSessionCookie: true }
  const authorization = 'Bearer abc.def'
  expect(passes('POST', { cookie, authorization, origin: 'https://evil.test' }, changing)).toBe(false)
  expect(passes('POST', { cookie, authorization }, changing)).toBe(false)
  expect(passes('POST', { cookie, authorization, origin: 'https://login.example.com' }, changing)).toBe(true)
  expect(passes('POST', { authorization, origin: 'https://evil.test' }, changing)).toBe(true)
  expect(passes('POST', { authorization }, changing)).toBe(true)
})

test('a route that goes by no cookie may be called from anywhere', () => {
  expect(passes('POST', { cookie, origin: 'https://evil.test' }, { isForAnyOrigin: true })).toBe(true)
})

test('a route that goes by no cookie and counts may be called by programs, by our pages and from the origins that it names', () => {
  const config = { isForOrigin: (origin: string) => origin === 'https://spa.example' }
  const from = (headers: Record<string, string>) => passes('POST', headers, config)
  for (const headers of [
    {},
    { cookie },
    { origin: 'https://login.example.com' },
    { 'sec-fetch-site': 'same-origin' },
  ]) {
    expect(from(headers)).toBe(true)
  }
  expect(from({ cookie, origin: 'https://spa.example', 'sec-fetch-site': 'cross-site' })).toBe(true)
  expect(from({ origin: 'https://app.example.com' })).toBe(true)
  for (const site of ['cross-site', 'same-site', 'none']) expect(from({ 'sec-fetch-site': site })).toBe(false)
  expect(from({ origin: 'null' })).toBe(false)
  expect(from({ origin: 'https://evil.test', authorization: 'Bearer abc.def' })).toBe(false)
})

test('a request that only reads passes from anywhere', () => {
  expect(passes('GET', { cookie, origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' })).toBe(true)
})

test('without a session it passes from our own pages and from what is no browser', () => {
  expect(passes('POST', {})).toBe(true)
  expect(passes('POST', { cookie: 'other=x' })).toBe(true)
  expect(passes('POST', { origin: 'https://login.example.com' })).toBe(true)
  expect(passes('POST', { origin: 'https://evil.test' })).toBe(false)
  expect(passes('POST', { cookie: 'other=x', 'sec-fetch-site': 'cross-site' })).toBe(false)
  expect(passes('DELETE', { 'sec-fetch-site': 'same-site' })).toBe(false)
})
