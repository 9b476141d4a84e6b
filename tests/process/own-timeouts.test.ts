import { expect, test } from '@jest/globals'
import { runJest } from '../support/inner-jest.ts'

/** A test that ends before its waits do says nothing of what it waited for, and fails on a machine that is merely slow. */

test('a test, a hook or a file with a timeout of its own fails, and is told why', async () => {
  const jest = runJest('own-timeout-of-a-*.fixture.ts')
  expect(await jest.exited).toBe(1)
  const said = jest.stderr() + jest.stdout()
  expect(said.match(/^FAIL tests\/process\/own-timeout-of-a-\w+\.fixture\.ts/gm)?.sort()).toEqual(
    ['file', 'hook', 'test'].map((what) => `FAIL tests/process/own-timeout-of-a-${what}.fixture.ts`),
  )
  expect(said.match(/^ {4}no test has a timeout of its own: jest\.config\.mjs has one for all$/gm)).toHaveLength(3)
})
