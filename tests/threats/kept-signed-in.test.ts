import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../support/app.ts'
import { WEB } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { authorizePath, VERIFIER } from '../support/oauth-flow.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

/** T19 after the fact: a browser that is kept signed in for a month is ended like any other, also where it has gone on to. */

const DAY_MS = 86_400_000

let logouts: WebhookReceiver
let testApp: TestApp
let browser: InjectClient
let phone: InjectClient

beforeEach(async () => {
  logouts = await startWebhookReceiver()
  const clients = createClients()
  const web = { ...WEB, id_token_signed_response_alg: 'EdDSA', backchannel_logout_uri: logouts.url }
  clients.replace(parseClients(JSON.stringify([web])))
  // The file is not read: setting its path has keys made. oidc-provider goes by the process's own clock.
  const env = { MATCH: 'never', CLIENTS_FILE: 'clients.json' }
  testApp = await createTestApp(env, { clients }, { now: Date.now() })
  browser = createInjectClient(testApp.app)
  phone = await createInjectPhone(testApp.app)
})

afterEach(async () => {
  await testApp.app.close()
  await logouts.stop()
})

test.each(['before', 'after'])(
  'T19 an application that was entered %s the browser was kept is told of its end, weeks later too',
  async (when) => {
    const id = await letIn()
    for (const step of when === 'before' ? [enter, () => keep(id)] : [() => keep(id), enter]) await step()

    testApp.time.now += 20 * DAY_MS
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect(logouts.received).toEqual([])
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    const [told] = await eventually('it is told', () => logouts.received.length > 0 && logouts.received)
    const logoutToken = new URLSearchParams(told?.body).get('logout_token') ?? ''
    expect(decodeJwt(logoutToken)).toMatchObject({ sub: 'demo', sid: id })
  },
)

test('T19 what an application was given before the browser was kept is good for as long as it is kept, and no longer', async () => {
  const id = await letIn()
  const refreshToken = await firstRefreshToken()
  await keep(id)

  testApp.time.now += 20 * DAY_MS
  const later = await tokens({ grant_type: 'refresh_token', refresh_token: refreshToken })
  expect(later.statusCode).toBe(200)
  expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
  const afterEnd = await tokens({ grant_type: 'refresh_token', refresh_token: later.json().refresh_token })
  expect(afterEnd.json()).toMatchObject({ error: 'invalid_grant' })
})

test('T19 of a browser that was not kept it is good until its session ends', async () => {
  await letIn()
  const refreshToken = await firstRefreshToken()

  testApp.time.now += DAY_MS
  const later = await tokens({ grant_type: 'refresh_token', refresh_token: refreshToken })
  expect(later.json()).toMatchObject({ error: 'invalid_grant' })
})

/** @returns the session's public id */
async function letIn(): Promise<string> {
  const { token } = (await browser.post('/login')).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
  return (await browser.get('/session')).json().session.id
}

async function keep(id: string): Promise<void> {
  expect((await phone.post(`/sessions/${id}/remember`)).statusCode).toBe(200)
}

/** @returns the code */
async function enter(): Promise<string> {
  const { location } = (await browser.get(authorizePath(WEB))).headers
  const [, code] = /^https:\/\/web\.example\/cb\?code=([^&]+)/.exec(String(location)) ?? []
  if (code === undefined) throw new Error(`no code: ${location}`)
  return code
}

function tokens(fields: Record<string, string>) {
  const { client_id, client_secret } = WEB
  const payload = String(new URLSearchParams({ client_id, client_secret, ...fields }))
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return testApp.app.inject({ method: 'POST', url: '/oauth/token', headers, payload })
}

async function firstRefreshToken(): Promise<string> {
  const [redirectUri = ''] = WEB.redirect_uris
  const given = { code: await enter(), code_verifier: VERIFIER, redirect_uri: redirectUri }
  return (await tokens({ grant_type: 'authorization_code', ...given })).json().refresh_token
}
