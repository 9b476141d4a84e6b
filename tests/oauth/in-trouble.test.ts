import { expect, test } from '@jest/globals'
import { TV, WEB, writeClients } from '../support/clients-file.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { authorizePath, codeFor, exchange, form, userinfo } from '../support/oauth-flow.ts'
import { startRedis } from '../support/redis-server.ts'
import { startService, tryToStart } from '../support/service.ts'
import { expectProblem } from '../threats/seen.ts'

test('without CLIENTS_FILE none of it is served', async () => {
  const service = await startService()
  const client = createClient(service.url)
  const paths = [
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/jwks.json',
  ]
  for (const path of [...paths, '/oauth/authorize', '/oauth/userinfo', '/oauth/logout']) {
    expectProblem(await client.get(path), 404, 'not_found')
  }
  expectProblem(await client.post('/oauth/token'), 404, 'not_found')
  await service.stop()
})

test('a bad file of clients ends the start with one line that names it', async () => {
  const clients = writeClients([{ ...WEB, redirect_uris: ['*'] }])
  const { code, said } = await tryToStart({ CLIENTS_FILE: clients.path, DEMO_PASSWORD: 'demo-password', PORT: '0' })
  expect(code).toBe(1)
  expect(said.trim()).toMatch(/^CLIENTS_FILE: line 6, entry 1: redirect_uris 1 must be a full address[^\n]*$/)
  clients.remove()
})

test('without its store nothing is given or taken away: programs are told to try again, and people by a page', async () => {
  const clients = writeClients([WEB, TV])
  const redis = await startRedis()
  const service = await startService({ REDIS_URL: redis.url, CLIENTS_FILE: clients.path })
  const browser = createClient(service.url)
  const { json } = await exchange(browser, WEB, await codeFor(browser, await createPhone(service.url), WEB))
  await redis.stop()

  const away = await userinfo(browser, json.access_token)
  expectProblem(away, 503, 'store_unavailable')
  expect(away.headers['retry-after']).toBe('1')
  expectProblem(await form(browser, '/oauth/device_authorization', { client_id: 'tv' }), 503, 'store_unavailable')
  const page = await browser.get(authorizePath(WEB), { headers: { accept: 'text/html' } })
  expect({ status: page.status, type: page.headers['content-type'] }).toEqual({
    status: 503,
    type: 'text/html; charset=utf-8',
  })
  expect(page.headers['retry-after']).toBe('1')
  expect(page.text).toContain('Something went wrong on our side')
  await service.stop()
  clients.remove()
})

test('devices that are begun count for the limit of logins, and bodies that are no forms are refused', async () => {
  const clients = writeClients([WEB, TV])
  const service = await startService({ CLIENTS_FILE: clients.path, RATE_LOGINS_PER_MINUTE: '2' })
  const device = createClient(service.url)
  const begin = () => form(device, '/oauth/device_authorization', { client_id: 'tv' })
  expect([(await begin()).status, (await begin()).status]).toEqual([200, 200])
  const third = await begin()
  expectProblem(third, 429, 'slow_down')
  expect(Number(third.headers['retry-after'])).toBeGreaterThan(0)
  for (const path of ['/oauth/token', '/oauth/authorize', '/oauth/userinfo']) {
    const refused = await device.post(path, { client_id: 'tv' })
    expectProblem(refused, 415, 'unsupported_media_type')
    // Who has sent JSON is told what is taken instead.
    expect(refused.json.title).toContain('application/x-www-form-urlencoded')
  }
  await service.stop()
  clients.remove()
})
