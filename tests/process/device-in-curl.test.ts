import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { blocksOf, runBlocks } from '../support/document.ts'
import { eventually } from '../support/eventually.ts'
import { createPhone } from '../support/http-client.ts'
import { type Service, startService } from '../support/service.ts'

/** docs/openid-connect.md's list of clients, and its device without a browser, as they stand there. */

const blocks = blocksOf('docs/openid-connect.md')

let folder: string
let service: Service

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-device-in-curl-'))
  const clients = join(folder, 'clients.yaml')
  writeFileSync(clients, blocks('yaml', '# Applications')[0] ?? '')
  service = await startService({ CLIENTS_FILE: clients })
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true })
})

function userCode(): string {
  try {
    return JSON.parse(readFileSync(join(folder, 'device.json'), 'utf8')).user_code
  } catch {
    return ''
  }
}

test('its lines of curl show a code, wait until a phone confirms it, and know who that was', async () => {
  const running = runBlocks(blocks('sh', 'Devices without a browser'), folder, { SCANIN: service.url })
  const [[said = '']] = await Promise.all([running, approve()])
  expect(JSON.parse(said.slice(said.lastIndexOf('{')))).toMatchObject({ sub: 'demo', name: 'Demo Person' })
})

async function approve(): Promise<void> {
  await eventually('the device has a code', () => userCode() !== '')
  const phone = await createPhone(service.url)
  const { token, application } = (await phone.post('/login/scan', { user_code: userCode() })).json
  expect(application.name).toBe('Deploy Tool')
  expect((await phone.post('/login/confirm', { token })).status).toBe(200)
}
