import { afterEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createInjectClient, createInjectPhone, createTestApp, type TestApp } from '../support/app.ts'
import { WEB } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { authorizePath } from '../support/oauth-flow.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

/** T19 after the fact: a browser that is kept signed in for a month is ended like any other, also where it has gone on to. */

const DAY_MS = 86_400_000

let logouts: WebhookReceiver
let testApp: TestApp

afterEach(async () => {
  await testApp.app.close()
  await logouts.stop()
})

test.each(['before', 'after'])(
  'T19 an application that was entered %s the browser was kept is told of its end, weeks later too',
  async (when) => {
    logouts = await startWebhookReceiver()
    const clients = createClients()
    const web = { ...WEB, id_token_signed_response_alg: 'EdDSA', backchannel_logout_uri: logouts.url }
    clients.replace(parseClients(JSON.stringify([web])))
    // The file is not read: that there is one has keys made. The library goes by the process's own clock.
    const env = { MATCH: 'never', CLIENTS_FILE: 'clients.json' }
    testApp = await createTestApp(env, { clients }, { now: Date.now() })
    const [browser, phone] = [createInjectClient(testApp.app), await createInjectPhone(testApp.app)]
    const { token } = (await browser.post('/login')).json()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
    const { id } = (await browser.get('/session')).json().session
    const keep = async () => expect((await phone.post(`/sessions/${id}/remember`)).statusCode).toBe(200)
    const enter = async () =>
      expect((await browser.get(authorizePath(WEB))).headers.location).toMatch(/^https:\/\/web\.example\/cb\?code=/)

    for (const step of when === 'before' ? [enter, keep] : [keep, enter]) await step()

    testApp.time.now += 20 * DAY_MS
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect(logouts.received).toEqual([])
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    const [told] = await eventually('it is told', () => logouts.received.length > 0 && logouts.received)
    const logoutToken = new URLSearchParams(told?.body).get('logout_token') ?? ''
    expect(decodeJwt(logoutToken)).toMatchObject({ sub: 'demo', sid: id })
  },
)
