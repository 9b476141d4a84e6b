import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createDiskStore } from '../../server/store/disk-store.ts'
import { isNotWritten } from '../../server/store/not-written.ts'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { openSocket } from '../support/raw-socket.ts'
import { startServiceProcess } from '../support/service.ts'

/** Another process on the folder is stopped while it has the lock: nobody waits for it without end. */

const expiresAt = Date.now() + 3_600_000

/** Another process that has the lock, and does not end by itself. */
async function hold(path: string): Promise<ChildProcess> {
  const holder = fork(join(import.meta.dirname, '../support/disk-holder-process.mjs'), [path], {
    execArgv: ['--import', new URL('../support/typescript.mjs', import.meta.url).href],
  })
  await once(holder, 'message')
  return holder
}

test('writes are refused while nothing is heard of the disk, reads go on, and what was refused is never written', async () => {
  const path = mkdtempSync(join(tmpdir(), 'scanin-hangs-'))
  const store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
  await store.write('before', 1, { expiresAt })
  const holder = await hold(path)
  const refusals = [store.write('during', 1, { expiresAt }), store.remove('before')].map((asked) =>
    asked.then(
      () => 'done',
      (error: unknown) => ({ error, isNotWritten: isNotWritten(error) }),
    ),
  )
  const refused = { error: { code: 'store_unavailable' }, isNotWritten: true }
  expect(await Promise.all(refusals)).toMatchObject([refused, refused])
  await expect(store.write('after', 1, { expiresAt })).rejects.toMatchObject({ code: 'store_unavailable' })
  expect((await store.read('before'))?.value).toBe(1)
  expect(store.use()).toBeGreaterThan(0)

  holder.kill('SIGKILL')
  await eventually('it is written again', () => store.write('later', 1, { expiresAt }).catch(() => false))
  const found = await Promise.all(['before', 'during', 'after'].map((key) => store.read(key)))
  expect(found.map((record) => record?.value)).toEqual([1, undefined, undefined])
  expect(store.use()).toBe(0)
  await store.close()
  rmSync(path, { recursive: true })
})

test('a service that is told to stop while its disk hangs ends all the same, with a write that waits', async () => {
  const path = mkdtempSync(join(tmpdir(), 'scanin-hangs-'))
  const service = await startServiceProcess({ STORE_PATH: path })
  const holder = await hold(path)
  try {
    const refused = await fetch(`${service.url}/login`, { method: 'POST', headers: { origin: service.url } })
    // Nobody can say that all was well.
    expect([refused.status, await service.stop()]).toEqual([503, null])
  } finally {
    holder.kill('SIGKILL')
    rmSync(path, { recursive: true })
  }
})

/**
 * How many sessions a request ends at a time, and how many writes may wait for the disk. The last fifth of those is not
 * for new logins.
 */
const [ENDED_AT_ONCE, MOST_WAITING] = [100, 10_000]

test('a service for whose disk too many writes wait refuses new logins at once, and nobody who is on the way', async () => {
  const path = mkdtempSync(join(tmpdir(), 'scanin-hangs-'))
  const service = await startServiceProcess({ STORE_PATH: path, MAX_SESSIONS: String(2 * ENDED_AT_ONCE) })
  const sockets: Socket[] = []
  let holder: ChildProcess | undefined
  try {
    const [browser, late, phone] = [
      createClient(service.url),
      createClient(service.url),
      await createPhone(service.url),
    ]
    for (let opened = 0; opened < ENDED_AT_ONCE; opened += 10)
      await Promise.all(Array.from({ length: 10 }, () => createPhone(service.url)))
    const token = await startLogin(browser)
    await scan(phone, token)
    holder = await hold(path)
    const cookie = [...phone.cookies].map((pair) => pair.join('=')).join('; ')
    const endOthers = `DELETE /sessions HTTP/1.1\r\nHost: x\r\nOrigin: ${service.url}\r\nCookie: ${cookie}\r\n`
    for (let waiting = 0; waiting < MOST_WAITING * 0.85; waiting += ENDED_AT_ONCE)
      sockets.push(await openSocket(service.port, endOthers))
    // Sent in one turn of the service's event loop, or in few: its breaker counts by turns.
    for (const socket of sockets) socket.write('\r\n')
    const said: string[] = []
    await eventually('a new login is refused for it', () => {
      const come = late.post('/login').then(({ status, json }) => said.push(`${status} ${json.code}`))
      come.catch(() => undefined)
      // One that was let in waits for the disk itself.
      return said.includes('503 overloaded')
    })
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
    expect((await phone.get('/session')).status).toBe(200)
  } finally {
    for (const socket of sockets) socket.destroy()
    await service.stop('SIGKILL')
    holder?.kill('SIGKILL')
    rmSync(path, { recursive: true })
  }
})
