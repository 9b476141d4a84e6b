import { afterEach, expect, jest, test } from '@jest/globals'
import { problem } from '#messages/problem'
import { trouble } from '#messages/trouble'
import { wordsFor } from '../../../web/src/page/error-words.ts'
import { lateModule } from '../../../web/src/page/late-module.ts'
import { dropped } from '../support/polling.ts'

afterEach(() => void jest.useRealTimers())

test('a line that is down is said to be, and a fault of the page’s own is not', () => {
  expect(wordsFor(dropped())).toBe(trouble.unreachable)
  expect(wordsFor(new RangeError('Incorrect locale information provided'))).toBe(problem.internal_error)
})

test('a file of the page’s that cannot be had is a line that is down', async () => {
  // The ten seconds in which it may come would keep the tests' worker from its end.
  jest.useFakeTimers()
  const load = lateModule(() => Promise.reject(new TypeError('Failed to fetch dynamically imported module')))
  expect(wordsFor(await load().catch((error: unknown) => error))).toBe(trouble.unreachable)
})
