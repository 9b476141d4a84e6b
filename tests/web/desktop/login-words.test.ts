import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type LoginView, statusWords } from '../../../web/src/desktop/login-view.ts'
import { leftWords } from '../../../web/src/desktop/login-words.ts'
import { wordsFor } from '../../../web/src/page/error-words.ts'
import { inWords } from '../../../web/src/page/moment-words.ts'
import { dropped, refusal } from '../support/polling.ts'

// Browsers have it, and not every Node.
const languages = ['en']
const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
beforeAll(() => {
  Object.defineProperty(globalThis, 'navigator', { value: { languages }, configurable: true })
})
afterAll(() => {
  if (own !== undefined) Object.defineProperty(globalThis, 'navigator', own)
  else Reflect.deleteProperty(globalThis, 'navigator')
})

const failed = (error: unknown, isOver = false): LoginView => ({ kind: 'start_failed', error, isOver })

describe('why there is no code', () => {
  test.each([
    ['the network is gone', dropped(), false, /offline/, /network is back/],
    ['nobody answers', dropped(), true, /cannot be reached/, /connection.*Trying again…/],
    ['too many have tried', refusal(429, 'slow_down', 42), true, /Too many tries/, /Trying again in 42 seconds…/],
    ['a proxy counts', refusal(429, 'unrecognised'), true, /Too many tries/, /Trying again…/],
    ['it is too much at once', refusal(503, 'overloaded', 120), true, /Many people/, /Trying again in 2 minutes…/],
    ['the store is away', refusal(503, 'store_unavailable'), true, /trouble/, /not you\. Trying again…/],
    ['a proxy speaks for it', refusal(502, 'unrecognised'), true, /trouble/, /Trying again…/],
  ])('where %s is said in words, and that it goes on by itself', (_why, error, isOnline, title, more) => {
    const words = statusWords(failed(error), 'steady', isOnline)
    expect(words.title).toMatch(title)
    expect(words.more).toMatch(more)
  })

  test('where nothing is tried again promises nothing', () => {
    const { title, more } = statusWords(failed(refusal(403, 'cross_site_request'), true), 'steady', true)
    expect(`${title} ${more} ${wordsFor(refusal(403, 'cross_site_request'))}`).toMatch(/its own address/)
    expect(`${title} ${more} ${wordsFor(refusal(403, 'cross_site_request'))}`).not.toMatch(/again/i)
  })
})

test('a page without a network says that, and not that the service is away', () => {
  const view: LoginView = { kind: 'denied' }
  expect(statusWords(view, 'reconnecting', false).title).toMatch(/offline/)
  expect(statusWords(view, 'reconnecting', true).title).toMatch(/Reconnecting/)
})

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1:00'],
  [125, '2:05'],
])('%s seconds left are %s', (seconds, words) => {
  expect(leftWords(seconds)).toBe(words)
})

test('what counts down has the digits that its reader has in sentences', () => {
  languages[0] = 'en-u-nu-arab'
  const words = [leftWords(59), leftWords(60), leftWords(125), inWords(42)]
  languages[0] = 'en'
  expect(words).toEqual(['٥٩ s', '١:٠٠', '٢:٠٥', 'in ٤٢ seconds'])
})
