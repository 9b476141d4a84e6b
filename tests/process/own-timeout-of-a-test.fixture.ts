import { test } from '@jest/globals'

// Run by own-timeouts.test.ts.

test('has less time than its waits', () => undefined, 60_000)
