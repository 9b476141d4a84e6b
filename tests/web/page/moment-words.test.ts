import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { agoWords, clockWords, inWords, spanWords } from '../../../web/src/page/moment-words.ts'

// Browsers have it, and not every Node.
const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
const speak = (...languages: string[]) =>
  Object.defineProperty(globalThis, 'navigator', { value: { languages }, configurable: true })
beforeEach(() => void speak('en'))
afterAll(() => {
  if (own !== undefined) Object.defineProperty(globalThis, 'navigator', own)
  else Reflect.deleteProperty(globalThis, 'navigator')
})

test('time is said in the coarsest words that still help', () => {
  expect([agoWords(20), agoWords(300), inWords(7200), spanWords(2_592_000), clockWords(125)]).toEqual([
    ...['20 seconds ago', '5 minutes ago', 'in 2 hours', '30 days', '2:05'],
  ])
})

test('numbers are those of the person’s country, where its language is the page’s', () => {
  speak('de-DE', 'en-u-nu-deva')
  expect(clockWords(125)).toBe('२:०५')
})

test.each(['en-US@posix', 'en-', 'en-US.UTF-8'])('a language that is no name of one, %s, is left out', (name) => {
  speak(name)
  expect([agoWords(300), inWords(300), spanWords(300), clockWords(65)]).toEqual([
    ...['5 minutes ago', 'in 5 minutes', '5 minutes', '1:05'],
  ])
  speak(name, 'en-u-nu-deva')
  expect(clockWords(65)).toBe('१:०५')
})
