import { expect, test } from '@jest/globals'
import { browserOf } from '../../../server/http/user-agent.ts'

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Windows'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Safari',
    'macOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome',
    'Android',
  ],
])('%s', (userAgent, name, os) => {
  expect(browserOf(userAgent)).toEqual({ name, os })
})

test.each([undefined, '', 'curl/8.1', 'Your bank, please confirm/1.0 now', `Mozilla/5.0 ${'('.repeat(100_000)}`])(
  'a claim that is no known browser shows no words of its own: %#',
  (userAgent) => {
    expect(browserOf(userAgent)).toEqual({ name: 'Unknown browser', os: 'unknown system' })
  },
)
