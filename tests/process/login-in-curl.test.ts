import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { blocksOf, runBlocks, shapeOf } from '../support/document.ts'
import { readConfig } from '../support/read-config.ts'
import { DEMO_PASSWORD, type Service, startService } from '../support/service.ts'

/** docs/testing.md, as it stands there: how the tests of a team sign in without a phone. */

const blocks = blocksOf('docs/testing.md')

let folder: string
let service: Service

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-login-in-curl-'))
  service = await startService({ POLL_INTERVAL_SECONDS: '1', MATCH: 'never' })
})
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

test('its lines of curl sign a browser in and out, by a phone that signs in by password', async () => {
  const heading = 'A login, in curl'
  const env = { SCANIN: service.url, PASSWORD: DEMO_PASSWORD }
  const said = await runBlocks(blocks('sh', heading), folder, env)
  const [, phone = '', ...browser] = said
  expect(phone).toContain('"status":"authenticated"')
  const told = blocks('json', heading).map((text) => JSON.parse(text))
  const answers = browser.map((text) => JSON.parse(text))
  expect(answers.map(shapeOf)).toEqual(told.map(shapeOf))
  expect(answers.map(({ user }) => user)).toEqual(told.map(({ user }) => user))
  // What signed the browser in is over, and the phone's own session is not.
  const again = await runBlocks(
    ['curl -sS "$SCANIN/session" -b browser.jar', 'curl -sS "$SCANIN/session" -b phone.jar'],
    folder,
    env,
  )
  expect(again.map((text) => JSON.parse(text))).toEqual([
    expect.objectContaining({ code: 'authentication_required' }),
    expect.objectContaining({ user: { id: 'demo', name: 'Demo Person' } }),
  ])
})

test('both ways to start the service that it shows are one, and a start takes them', () => {
  const [line = ''] = blocks('sh', 'The service')
  const variables = Object.fromEntries(
    [...line.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name = '', value]) => [name, value]),
  )
  const { environment } = parse(blocks('yaml', 'The service')[0] ?? '').services.scanin
  const { HOST, PUBLIC_URL, ...others } = variables
  expect({ ...environment, PUBLIC_URL }).toEqual({ ...others, PUBLIC_URL })
  expect([HOST, PUBLIC_URL]).toEqual(['127.0.0.1', 'http://127.0.0.1:3000'])
  expect(() => readConfig(environment, '192.168.1.5', () => '')).not.toThrow()
})
