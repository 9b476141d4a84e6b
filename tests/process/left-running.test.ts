import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { startProcess } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { ROOT } from '../support/service.ts'

/**
 * What tests start ends with them, however they end: a Redis that is left running is in the way of the next run. So does
 * what they ask of Jest: the next file runs in the same process.
 */

/** A run of these files, one after the other in one process. */
function runJest(files: string) {
  return startProcess(
    process.execPath,
    [
      ...['node_modules/jest/bin/jest.js', '--reporters=default', '--runInBand'],
      ...[`--testMatch=**/${files}.fixture.ts`, '--globalSetup='],
    ],
    { cwd: ROOT, env: { ...process.env, JEST_WORKER_ID: undefined } },
  )
}

test('a test file that dies in beforeAll leaves no process running', async () => {
  const jest = runJest('dies-in-before-all')
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

test('the time that a test file gives its tests is not that of the next file', async () => {
  const jest = runJest('hurries-*')
  await jest.exited
  expect(jest.stderr()).toMatch(/^Tests: +2 passed, 2 total$/m)
})

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(false))
    socket.once('error', () => resolve(true))
    socket.once('close', () => resolve(false))
    socket.setTimeout(100, () => socket.destroy())
  })
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
