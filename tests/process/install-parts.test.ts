import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startProcess } from '../support/child-process.ts'

const PROGRAM = join(import.meta.dirname, '../install-parts.mjs')

test('a variable that names no program is said to, and nothing is installed for it', async () => {
  const env = { ...process.env, REDIS_SERVER: '/no/such' }
  const running = startProcess(process.execPath, [PROGRAM, 'tests'], { env })
  expect(await running.exited).toBe(1)
  expect(running.stderr()).toBe('REDIS_SERVER=/no/such is no program that can be run\n')
})
