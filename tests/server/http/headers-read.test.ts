import { expect, test } from '@jest/globals'
import { headersRead } from '../../../server/http/headers-read.ts'

const BROWSERS = [
  'Host',
  'login.test',
  'Accept',
  'application/json',
  'Sec-Fetch-Site',
  'same-origin',
  'Cookie',
  'a=1; b=2',
]

test('what a poll is answered by is read in either case, and nothing else', () => {
  const rawHeaders = [
    ...BROWSERS,
    'ORIGIN',
    'https://app.test',
    'traceparent',
    '00-1-2-3',
    'X-Forwarded-For',
    '192.0.2.1',
  ]
  expect(headersRead({ rawHeaders })).toEqual({
    host: 'login.test',
    cookie: 'a=1; b=2',
    origin: 'https://app.test',
    traceparent: '00-1-2-3',
    'content-length': undefined,
    'transfer-encoding': undefined,
  })
})

test.each(['content-length', 'transfer-encoding'] as const)('%s says that a body comes', (name) => {
  expect(headersRead({ rawHeaders: [...BROWSERS, name.toUpperCase(), 'x'] })?.[name]).toBe('x')
})

test.each(['host', 'Cookie', 'origin', 'traceparent'])('of a second %s it is not for us to make one', (name) => {
  expect(headersRead({ rawHeaders: [...BROWSERS, name, '', name, ''] })).toBeUndefined()
})

test('who names no host is not answered by it', () => {
  expect(headersRead({ rawHeaders: BROWSERS.slice(2) })).toBeUndefined()
})
