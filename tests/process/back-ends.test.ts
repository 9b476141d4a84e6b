import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importJWK, SignJWT } from 'jose'
import { makeKey } from '../../server/keys/key-set.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { startSampleBackEnd } from '../support/sample-back-end.ts'
import { type Service, startService } from '../support/service.ts'

/** The back ends of docs/back-ends.md, as they stand there, against the running service. */

const AUDIENCE = 'https://orders.example.com'
const OTHER = 'https://stock.example.com'
const PAGE = 'https://app.example.com'
const folder = mkdtempSync(join(tmpdir(), 'scanin-back-ends-'))

let service: Service
let phone: Client
let signed: (change: { claims?: object; header?: object }) => Promise<string>

beforeAll(async () => {
  // Of a file, so that the tests can sign by the same key what ScanIn never would.
  const key = await makeKey('EdDSA')
  const keysFile = join(folder, 'keys.json')
  writeFileSync(keysFile, JSON.stringify({ keys: [key] }))
  service = await startService({ TOKEN_AUDIENCES: `${AUDIENCE},${OTHER}`, SIGNING_KEYS_FILE: keysFile })
  phone = await createPhone(service.url)
  signed = async ({ claims, header }) => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: service.url, aud: AUDIENCE, sub: 'demo', iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'at+jwt', ...header })
      .sign(await importJWK(key, 'EdDSA'))
  }
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true })
})

describe.each(['js', 'python'] as const)('the back end in %s', (language) => {
  let backEnd: Client
  beforeAll(async () => {
    backEnd = createClient(
      await startSampleBackEnd(language, folder, { ISSUER: service.url, AUDIENCE, PAGE_ORIGIN: PAGE }),
    )
  })

  const ask = (token: string) => backEnd.get('/', { headers: { authorization: `Bearer ${token}` } })

  test('knows who calls by the token of a session', async () => {
    const { access_token } = (await phone.post('/session/token', { audience: AUDIENCE })).json
    const reply = await ask(access_token)
    expect([reply.status, reply.json]).toEqual([200, { you: 'demo' }])
    expect((await ask(await signed({}))).status).toBe(200)
  })

  test('lets the page of another origin ask with a token, and read what it is answered', async () => {
    const forPage = { 'access-control-allow-origin': PAGE, 'access-control-allow-headers': 'authorization' }
    const asked = {
      origin: PAGE,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const before = await backEnd.call('OPTIONS', '/', { headers: asked })
    expect([before.status, before.headers]).toEqual([204, expect.objectContaining(forPage)])
    for (const [token, status] of [
      [await signed({}), 200],
      ['x', 401],
    ] as const) {
      const reply = await ask(token)
      expect([reply.status, reply.headers]).toEqual([status, expect.objectContaining(forPage)])
    }
  })

  test('turns away whatever else there is', async () => {
    const now = Math.floor(Date.now() / 1000)
    const foreign = await makeKey('EdDSA')
    const { access_token } = (await phone.post('/session/token', { audience: OTHER })).json
    const [head, , signature] = (await signed({})).split('.')
    const bent = Buffer.from(JSON.stringify({ iss: service.url, aud: AUDIENCE, sub: 'boss', exp: now + 300 }))
    const bad: Record<string, string> = {
      'another back end`s': access_token,
      'of another issuer': await signed({ claims: { iss: 'https://evil.test' } }),
      'over since a minute': await signed({ claims: { exp: now - 60 } }),
      'without an end': await signed({ claims: { exp: undefined } }),
      'without a person': await signed({ claims: { sub: undefined } }),
      'of another kind': await signed({ header: { typ: 'JWT' } }),
      'of a key that nobody publishes': await new SignJWT({ iss: service.url, aud: AUDIENCE, sub: 'demo' })
        .setProtectedHeader({ alg: 'EdDSA', kid: foreign.kid, typ: 'at+jwt' })
        .setExpirationTime('5m')
        .sign(await importJWK(foreign, 'EdDSA')),
      'about somebody else': `${head}.${bent.toString('base64url')}.${signature}`,
      'not signed': `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${bent.toString('base64url')}.`,
      'no token': 'x',
    }
    for (const [what, token] of Object.entries(bad)) expect([what, (await ask(token)).status]).toEqual([what, 401])
  })
})
