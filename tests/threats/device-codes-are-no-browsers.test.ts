import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { phoneOf, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { type ClientsFile, DEVICE_GRANT, TV, writeClients } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { form } from '../support/oauth-flow.ts'
import { type Service, startService } from '../support/service.ts'
import { expectProblem, keyCookieOf, loginIdOf, shownBy } from './seen.ts'

/**
 * T31: a device's login is for tokens of its client, within its scopes, and asks for no digits. Who knows its code, which
 * anybody may ask for, must not be able to collect it as a browser does: a session there may do everything.
 */

const UNKNOWN = `${'u'.repeat(16)}.${'v'.repeat(22)}`

let accounts: Awaited<ReturnType<typeof writeAccounts>>
let clients: ClientsFile
let service: Service
let phone: Client

beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA])
  clients = writeClients([TV])
  const env = { ACCOUNTS_FILE: accounts.path, CLIENTS_FILE: clients.path, POLL_HOLD_SECONDS: '0', MATCH: 'always' }
  service = await startService(env)
  phone = await phoneOf(ZOFIA, service.url)
})
afterAll(async () => {
  await service?.stop()
  accounts?.remove()
  clients?.remove()
})

/** What server/oauth/device-logins.ts makes of a code, which is no secret. */
function derivedFrom(code: string) {
  const derive = (what: string) => createHmac('sha256', code).update(`scanin device ${what}`).digest('base64url')
  return { loginId: derive('login id').slice(0, 16), key: derive('browser key') }
}

async function begin() {
  const device = createClient(service.url)
  const { json } = await form(device, '/oauth/device_authorization', { client_id: 'tv', scope: 'openid' })
  const token = json.verification_uri_complete.split('#')[1]
  const { loginId, key } = derivedFrom(json.device_code)
  // If this failed, all that follows would be tried with keys of no login at all.
  expect(loginIdOf(token)).toBe(loginId)
  const cookies = [key, `device.${key}`, json.device_code].map((value) => `${keyCookieOf(token)}=${value}`)
  return { device, code: json.device_code, token, cookies }
}

test('T31 whoever knows a device code is no browser: before and after the approval there is no such login', async () => {
  const { device, code, token, cookies } = await begin()
  const stranger = createClient(service.url)
  const unknown = shownBy(await stranger.get(`/login/status/${UNKNOWN}`))

  async function triesEverything() {
    for (const cookie of cookies) {
      for (const query of ['', '?seen=pending&wait=2', '?wait=0&seen=scanned']) {
        expect(shownBy(await stranger.get(`/login/status/${token}${query}`, { cookie }))).toEqual(unknown)
      }
      expect(shownBy(await stranger.post('/login/match', { token, match_code: '000000' }, { cookie }))).toEqual(unknown)
      expectProblem(await stranger.post('/login/user-code', { token }, { cookie }), 404, 'expired_token')
      // Starts another login, or none if it asks too often. It must not be this one with a new code.
      expect((await stranger.post('/login', { token }, { cookie })).text).not.toContain(loginIdOf(token))
      expect((await stranger.delete(`/login/${token}`, { cookie })).status).toBe(204)
    }
  }

  await triesEverything()
  expect((await phone.post('/login/scan', { token })).json).toMatchObject({ status: 'scanned', match: 'none' })
  await triesEverything()
  expect((await phone.post('/login/confirm', { token })).json).toEqual({ status: 'authenticated' })
  await triesEverything()
  const poll = () =>
    form(device, '/oauth/token', { grant_type: DEVICE_GRANT, device_code: code, client_id: 'tv', scope: 'openid' })
  const { status } = await eventually('the device is told', async () => {
    const reply = await poll()
    return !['authorization_pending', 'slow_down'].includes(reply.json?.error) && reply
  })
  expect(status).toBe(200)
  await triesEverything()
  const { sessions } = (await phone.get('/sessions')).json
  expect(sessions.map(({ kind }: { kind: string }) => kind).sort()).toEqual(['browser', 'phone'])
})
