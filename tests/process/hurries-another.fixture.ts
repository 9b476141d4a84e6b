import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, jest, test } from '@jest/globals'

// Run by left-running.test.ts, before or after hurries-one.fixture.ts.

test('has the time that is configured', () => pause(30))

afterAll(() => {
  jest.setTimeout(1)
})
