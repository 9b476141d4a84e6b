import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { startServiceProcess } from '../support/service.ts'

/** A commit failed in its middle: LMDB then says MDB_PANIC to whatever this process asks, for good. Or the files are others. */

test('a process that can read its store no more says so in one line and ends, and the next one has all that was answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-lost-'))
  const [path, lost] = [join(folder, 'store'), join(folder, 'lost')]
  const service = await startServiceProcess({
    STORE_PATH: path,
    NODE_OPTIONS: `--import ${new URL('../support/lost-lmdb.mjs', import.meta.url)}`,
    LOST_LMDB: lost,
  })
  const browser = createClient(service.url)
  await signInBrowser(browser, await createPhone(service.url))
  writeFileSync(lost, '')
  await eventually('it ends by itself', service.hasEnded)

  expect(await service.exited).not.toBe(0)
  expect(service.stderr()).not.toContain('MDB_PANIC')
  const lines = service.stdout().trim().split('\n')
  const troubles = lines.map((line) => JSON.parse(line)).filter(({ trouble }) => trouble !== undefined)
  expect(troubles).toMatchObject([{ trouble: 'store_disk', msg: expect.stringContaining('MDB_PANIC') }])
  const next = await startServiceProcess({ STORE_PATH: path, PORT: String(service.port) })
  expect((await browser.get('/session')).status).toBe(200)
  expect(await next.stop()).toBe(0)
  rmSync(folder, { recursive: true })
})

test.each<[what: string, does: (path: string) => void]>([
  ['the folder is taken away', (path) => rmSync(path, { recursive: true })],
  ['the data are taken away', (path) => rmSync(join(path, 'data.mdb'))],
  ['the lock is taken away', (path) => rmSync(join(path, 'lock.mdb'))],
  [
    'a copy is put in its place',
    (path) => {
      cpSync(path, `${path}-copy`, { recursive: true })
      renameSync(path, `${path}-before`)
      renameSync(`${path}-copy`, path)
    },
  ],
])('a process under which %s says so in one line and ends: what it did would be lost', async (_what, does) => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-replaced-'))
  const path = join(folder, 'store')
  const service = await startServiceProcess({ STORE_PATH: path })
  await signInBrowser(createClient(service.url), await createPhone(service.url))
  does(path)
  await eventually('it ends by itself', service.hasEnded)

  expect(await service.exited).not.toBe(0)
  const lines = service.stdout().trim().split('\n')
  const fatal = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 60)
  expect(fatal).toMatchObject([{ trouble: 'store_disk', msg: expect.stringContaining('are not those') }])
  const next = await startServiceProcess({ STORE_PATH: path, PORT: String(service.port) })
  expect((await createClient(next.url).get('/readyz')).status).toBe(200)
  expect(await next.stop()).toBe(0)
  rmSync(folder, { recursive: true })
})
