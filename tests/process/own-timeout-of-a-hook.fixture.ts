import { beforeAll, test } from '@jest/globals'

// Run by own-timeouts.test.ts.

beforeAll(() => undefined, 60_000)

test('is never reached', () => undefined)
