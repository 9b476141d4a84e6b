import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { endLater } from '../support/end-later.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient } from '../support/http-client.ts'

const PROGRAM = join(import.meta.dirname, '../../dist/server/main.js')
/** Each request makes a line of some 300 characters: in all more than a pipe and its reader hold. */
const ROUNDS = 50
const AT_ONCE = 30

test.each([
  ['a disk that is full', () => openSync('/dev/full', 'w')],
  ['a reader that reads no more', () => 'pipe' as const],
])('its log goes to %s: the service serves, and SIGTERM ends it with 0', async (_what, stdout) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: url }
  // What is piped and has no listener is not read.
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', stdout(), 'pipe'], env })
  const hasEnded = endLater(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code, signal]) => {
    hasEnded()
    return [code, signal]
  })
  const client = createClient(url)
  await eventually('it serves', () =>
    client
      .get('/healthz')
      .then(({ status }) => status === 200)
      .catch(() => false),
  )
  const statuses = new Set<number>()
  const ask = async () => statuses.add((await client.get('/nothing')).status)
  for (let times = 0; times < ROUNDS; times++) await Promise.all(Array.from({ length: AT_ONCE }, ask))
  statuses.add((await client.post('/login')).status)
  expect([...statuses]).toEqual([404, 201])
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
