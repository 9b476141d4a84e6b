import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exportJWK, generateKeyPair } from 'jose'
import { parse } from 'yaml'
import { blocksOf, runBlocks, shapeOf } from '../support/document.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type NativeProvider, SCOPE, startNativeProvider } from '../support/native-provider.ts'
import { proofOf } from '../support/proofs.ts'
import { type Service, startService } from '../support/service.ts'

/** A team's app on the phone, with tokens of a real identity provider; and docs/native-app.md, as it stands there. */

const blocks = blocksOf('docs/native-app.md')
const folder = mkdtempSync(join(tmpdir(), 'scanin-native-app-'))
const DEVICE_ID = '6F1C0D8E-3b5a-4c1e-9d57-0a2b7c4e9f13'

let provider: NativeProvider
/** By the issuer alone, and with introspection for what is opaque. */
let service: Service

beforeAll(async () => {
  const appLinks = join(folder, 'app-links.yaml')
  writeFileSync(appLinks, blocks('yaml', 'The camera opens the app')[0] ?? '')
  provider = await startNativeProvider()
  service = await startService({
    PHONE_JWT_ISSUER: provider.issuer,
    PHONE_JWT_SCOPE: SCOPE,
    ...provider.introspection,
    APP_LINKS_FILE: appLinks,
  })
})
afterAll(async () => {
  await service?.stop()
  await provider?.stop()
  rmSync(folder, { recursive: true })
})

const runShell = (scripts: string[], env: Record<string, string>) =>
  runBlocks(scripts, folder, { SCANIN: service.url, ...env })

/** Polls as a browser does, until it is in. */
async function untilIn(browser: ReturnType<typeof createClient>, token: string) {
  for (let seen = 'pending'; ; ) {
    const { json } = await browser.get(`/login/status/${token}?seen=${seen}&wait=25`)
    if (json.status === 'authenticated' || json.status === 'expired') return json
    seen = json.status
  }
}

describe('an app of the team', () => {
  test.each([
    ['JWTs', false, false],
    ['JWTs that are bound to a key', false, true],
    ['opaque tokens', true, false],
    ['opaque tokens that are bound to a key', true, true],
  ])(
    'that is given %s scans, confirms, sees the browser in, lists it and ends it',
    async (_what, isOpaque, isBound) => {
      const dpop = isBound ? await provider.newKey() : undefined
      const token = await provider.signIn({ resource: service.url, isOpaque, ...(dpop && { dpop }) })
      expect(token.split('.').length).toBe(isOpaque ? 1 : 3)
      const call = async (method: string, path: string, body?: object) => {
        const reply = await provider.call(token, service.url + path, method, body, dpop)
        return { status: reply.status, json: reply.status === 204 ? undefined : JSON.parse(await reply.text()) }
      }
      const who = await call('GET', '/session')
      expect(who.json.user).toEqual({ id: 'nadia', name: 'nadia of the team', groups: ['team'] })
      expect(who.json.session.expires_in).toBeGreaterThan(0)

      const browser = createClient(service.url)
      const loginToken = await startLogin(browser)
      const coming = untilIn(browser, loginToken)
      const scanned = await call('POST', '/login/scan', { token: loginToken, device_id: DEVICE_ID })
      expect([scanned.status, scanned.json.same_network]).toEqual([200, true])
      const confirmed = await call('POST', '/login/confirm', { token: loginToken, device_id: DEVICE_ID })
      expect(confirmed.json).toEqual({ status: 'authenticated' })
      expect((await coming).user).toEqual({ id: 'nadia', name: 'nadia of the team' })
      expect((await call('GET', `/login/scan/${loginToken}`)).json).toMatchObject({ collected: true })

      const { json } = await call('GET', '/sessions')
      expect(json.sessions).toHaveLength(1)
      expect(json.sessions[0].id).toBe((await browser.get('/session')).json.session.id)
      expect((await call('DELETE', `/sessions/${json.sessions[0].id}`)).status).toBe(204)
      expect((await browser.get('/session')).status).toBe(401)
    },
  )

  test('that is signed out at its provider is so here at once, where its tokens are introspected', async () => {
    const token = await provider.signIn({ resource: service.url, isOpaque: true })
    const ask = async () => (await provider.call(token, `${service.url}/session`, 'GET')).status
    expect(await ask()).toBe(200)
    await provider.revoke(token)
    await expect(ask()).rejects.toMatchObject({ status: 401 })
  })

  test('is told by no token that is for another resource', async () => {
    const token = await provider.signIn({ resource: 'https://orders.example.com' })
    await expect(provider.call(token, `${service.url}/session`, 'GET')).rejects.toMatchObject({ status: 401 })
  })
})

describe('docs/native-app.md', () => {
  test('has lines of curl that go through the whole protocol, and are answered as it says', async () => {
    const [ours, next] = [createClient(service.url), createClient(service.url)]
    const [token, tokenNext] = [await startLogin(ours), await startLogin(next)]
    const coming = untilIn(ours, token)
    const heading = 'The protocol, in curl'
    const said = await runShell(blocks('sh', heading), {
      ACCESS_TOKEN: await provider.signIn({ resource: service.url }),
      SCANNED: `${service.url}/scan#${token}`,
      SCANNED_NEXT: `${service.url}/scan#${tokenNext}`,
      DEVICE_ID,
    })
    const told = blocks('json', heading).map((text) => JSON.parse(text))
    expect(said).toHaveLength(told.length)
    const [session, scan, confirm, progress, sessions, deny] = said.map((text) => JSON.parse(text))
    const { email: _email, ...user } = told[0].user
    expect([session, scan, confirm, progress, sessions, deny].map(shapeOf)).toEqual(
      [{ ...told[0], user }, ...told.slice(1)].map(shapeOf),
    )
    expect([confirm, deny]).toEqual([told[2], told[5]])
    expect(progress.collected).toBe(true)
    expect((await coming).user.id).toBe('nadia')
    // The one that it has ended was this browser's.
    expect((await ours.get('/session')).status).toBe(401)
    expect((await next.get(`/login/status/${tokenNext}`)).json.status).toBe('denied')
  })

  test('shows a token that is bound to a key as it has to be shown', async () => {
    const keys = await generateKeyPair('ES256', { extractable: true })
    const key = { privateKey: keys.privateKey, jwk: await exportJWK(keys.publicKey) }
    const dpop = provider.keyOf(keys)
    const ACCESS_TOKEN = await provider.signIn({ resource: service.url, dpop })
    const PROOF = await proofOf(key, { token: ACCESS_TOKEN, method: 'GET', url: `${service.url}/session` })
    const [said = ''] = await runShell(blocks('sh', 'Tokens that are bound to a key'), { ACCESS_TOKEN, PROOF })
    expect(JSON.parse(said).user.id).toBe('nadia')
  })

  test('has a file of app links that is served as both platforms want it', async () => {
    const written = parse(blocks('yaml', 'The camera opens the app')[0] ?? '')
    const [said = ''] = await runShell(blocks('sh', 'The camera opens the app'), {})
    const replies = said.split(/(?=HTTP\/1\.1 )/).map((reply) => reply.split('\r\n\r\n'))
    for (const [head = ''] of replies) {
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r$/m)
      expect(head).toMatch(/^content-type: application\/json\r$/m)
    }
    const documents = replies.map(([, body = '']) => JSON.parse(body))
    expect(documents).toEqual([written['apple-app-site-association'], written['assetlinks.json']])
  })
})
