import { expect, test } from '@jest/globals'
import { runJest } from '../support/inner-jest.ts'

/** From Node 24 on what a built-in module exports may be a getter: that stopped every test there, and none here. */
const GETTERS = `import asyncHooks from 'node:async_hooks'
const { AsyncLocalStorage } = asyncHooks
Object.defineProperty(asyncHooks, 'AsyncLocalStorage', { get: () => AsyncLocalStorage, configurable: true })`

test('tests run also where the storage that Jest follows them by is a getter', async () => {
  const jest = runJest('passes.fixture.ts', {
    NODE_OPTIONS: `--import data:text/javascript;base64,${Buffer.from(GETTERS).toString('base64')}`,
  })
  const code = await jest.exited
  expect({ code, said: jest.stderr() + jest.stdout() }).toEqual({ code: 0, said: expect.stringMatching(/1 passed/) })
})
