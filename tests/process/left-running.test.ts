import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { isFree } from '../support/free-port.ts'
import { runJest } from '../support/inner-jest.ts'

/** What tests start ends with them, however they end: a Redis that is left running is in the way of the next run. */

test('a test file that dies in beforeAll leaves no process running', async () => {
  const jest = runJest('dies-in-before-all.fixture.ts')
  expect(await jest.exited).toBe(1)
  const told = /left running: (\d+) (\d+) (\d+)\./
    .exec(jest.stderr() + jest.stdout())
    ?.slice(1)
    .map(Number)
  const [redis = 0, nginx = 0, sleeper = 0] = told ?? []
  expect(sleeper).toBeGreaterThan(0)
  for (const port of [redis, nginx]) await eventually(`port ${port} is free`, () => isFree(port))
  await eventually('the process is gone', () => isGone(sleeper))
})

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
