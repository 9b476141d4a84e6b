import { jest, test } from '@jest/globals'

// Run by own-timeouts.test.ts.

jest.setTimeout(60_000)

test('is never reached', () => undefined)
