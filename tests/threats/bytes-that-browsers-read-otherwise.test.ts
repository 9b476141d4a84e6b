import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createInjectClient, createTestApp, type InjectClient, PUBLIC_URL } from '../support/app.ts'
import { beginErrand, behindThisMachine, codeFor, entryOf, forwardedTo, showCode } from '../support/applications.ts'
import { WEB } from '../support/clients-file.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { type RawReply, sendRaw } from '../support/raw-socket.ts'
import { DEMO_PASSWORD, startService } from '../support/service.ts'
import { startTeamProvider } from '../support/team-provider.ts'
import { sessionSetBy } from './seen.ts'

/**
 * T24: to a browser only space and tab are white space (RFC 6265bis §5.6, RFC 9110 §5.6.3). With any other byte a name
 * is another name, which a neighbouring http host can plant, past `__Host-`; a program that strips the byte would take
 * it for ours.
 */

/** As they are on the wire. */
const ODD: [string, Buffer][] = [
  ['0xA0', Buffer.from([0xa0])],
  ['0x85', Buffer.from([0x85])],
  ['0x0B', Buffer.from([0x0b])],
  ['0x0C', Buffer.from([0x0c])],
  ['0xFEFF in UTF-8', Buffer.from('\ufeff')],
  ['0xFEFF in UTF-16', Buffer.from([0xfe, 0xff])],
  ['0xA0 in UTF-8', Buffer.from('\u00a0')],
  ['0x2028 in UTF-8', Buffer.from('\u2028')],
  ['0x3000 in UTF-8', Buffer.from('\u3000')],
]

const SITES: [string, Record<string, string>, string][] = [
  ['over plain http', {}, 'scanin_'],
  ['over https', { PUBLIC_URL: 'https://scanin.test' }, '__Host-scanin_'],
  ['with COOKIE_SECURE=always', { COOKIE_SECURE: 'always' }, '__Host-scanin_'],
]

/** Where an odd byte may stand in `name=value`. */
const PLACES: [string, (name: string, value: string, odd: Buffer) => (string | Buffer)[]][] = [
  ['before the name', (name, value, odd) => [odd, `${name}=${value}`]],
  ['before the name, after a space', (name, value, odd) => ['other=1; ', odd, ' ', `${name}=${value}`]],
  ['before the name, after a semicolon', (name, value, odd) => ['other=1;', odd, `${name}=${value}`]],
  ['after the name', (name, value, odd) => [name, odd, `=${value}`]],
  ['before the value', (name, value, odd) => [`${name}=`, odd, value]],
  ['after the value', (name, value, odd) => [`${name}=${value}`, odd]],
  ['before a value in quotes', (name, value, odd) => [`${name}=`, odd, `"${value}"`]],
  ['in the quotes of a value', (name, value, odd) => [`${name}="`, odd, `${value}"`]],
  ['after the value, before a semicolon', (name, value, odd) => [`${name}=${value}`, odd, '; other=1']],
]

describe.each(SITES)('T24 %s', (_where, env, prefix) => {
  const origin = env['PUBLIC_URL'] ?? PUBLIC_URL
  let app: FastifyInstance
  let port: number
  let phone: InjectClient
  let session: string

  const byOrigin = { headers: { origin } }
  /** A request of which a line may be of any bytes. */
  const send = (start: string, header: (string | Buffer)[], rest = '') =>
    sendRaw(
      port,
      Buffer.concat(
        [`${start} HTTP/1.1\r\nHost: scanin.test\r\nConnection: close\r\n`, ...header, `\r\n${rest}\r\n`].map((part) =>
          Buffer.from(part),
        ),
      ),
    )
  const asWhom = (cookie: (string | Buffer)[]) => send('GET /session', ['Cookie: ', ...cookie])
  const isSignedIn = async () => (await asWhom([`${prefix}session=${session}`])).status === 200

  beforeAll(async () => {
    ;({ app } = await createTestApp({ POLL_HOLD_SECONDS: '0', ...env }))
    await app.listen({ host: '127.0.0.1', port: 0 })
    port = (app.server.address() as AddressInfo).port
    phone = createInjectClient(app)
    await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD }, byOrigin)
    session = phone.cookies.get(`${prefix}session`) ?? ''
  })

  afterAll(() => app.close())

  test("a session's cookie is read with spaces and tabs around it, and out of quotes", async () => {
    for (const cookie of [
      `${prefix}session=${session}`,
      ` \t${prefix}session=${session}\t `,
      `other=1;\t ${prefix}session=${session} ;x=2`,
      // As Java's own jar sends it (RFC 2965 §3.3.4).
      `$Version="1"; ${prefix}session="${session}";$Path="/"`,
    ]) {
      expect((await asWhom([cookie])).status).toBe(200)
    }
  })

  describe.each(ODD)('%s', (_name, odd) => {
    test.each(PLACES)('%s makes it none of ours: no session', async (_place, around) => {
      expectRefused(await asWhom(around(`${prefix}session`, session, odd)), 401)
      expect(await isSignedIn()).toBe(true)
    })

    test('a session planted under such a name does not take the place of the real one', async () => {
      const planted = Buffer.concat([odd, Buffer.from(`${prefix}session=${'p'.repeat(43)}`)])
      const reply = await asWhom([planted, `; ${prefix}session=${session}`])
      // If Node refuses the byte, the request is refused before it is anybody's.
      expect([200, 400]).toContain(reply.status)
    })

    test.each(PLACES)('%s makes it no browser key: the session stays for who has the key', async (_place, around) => {
      const browser = createInjectClient(app)
      const { token } = (await browser.post('/login', {}, byOrigin)).json()
      await phone.post('/login/scan', { token }, byOrigin)
      expect((await phone.post('/login/confirm', { token }, byOrigin)).json().status).toBe('authenticated')
      const name = `${prefix}${token.slice(0, 16)}`
      const key = browser.cookies.get(name) ?? ''
      // Once by the lane of polls, and once by Fastify's route.
      for (const path of [`/login/status/${token}`, `/login/status/${token}?wait=0&seen=pending`]) {
        const reply = await send(`GET ${path}`, ['Cookie: ', ...around(name, key, odd)])
        expectRefused(reply, 200)
        if (reply.status === 200) expect(reply.body).toBe('{"status":"expired"}')
      }
      expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
    })

    test("in Origin and Sec-Fetch-Site makes them another site's", async () => {
      const cookie = `Cookie: ${prefix}session=${session}\r\nContent-Length: 0\r\n`
      for (const header of [
        ['Origin: ', odd, origin],
        [`Origin: ${origin}`, odd],
        ['Sec-Fetch-Site: ', odd, 'same-origin'],
        ['Sec-Fetch-Site: same-origin', odd],
      ]) {
        expectRefused(await send('POST /sign-out', header, cookie), 403)
      }
      expect(await isSignedIn()).toBe(true)
    })

    test('in Authorization makes it no bearer, which would excuse a cookie from the check of its origin', async () => {
      const cookie = `Cookie: ${prefix}session=${session}\r\nContent-Length: 0\r\n`
      for (const header of [
        ['Authorization: Bearer', odd, 'abc'],
        ['Authorization: ', odd, 'Bearer abc'],
        ['Authorization: Bearer abc', odd],
      ]) {
        expectRefused(await send('POST /sign-out', header, cookie), 403)
      }
      expect(await isSignedIn()).toBe(true)
    })

    test('in Content-Type makes it another type than JSON', async () => {
      const body = 'Content-Length: 2\r\n\r\n{}'
      for (const header of [
        ['Content-Type: ', odd, 'application/json'],
        ['Content-Type: application/json', odd],
        ['Content-Type: application/json', odd, ';charset=utf-8'],
        ['Content-Type: application', odd, '/json'],
      ]) {
        expectRefused(await send('POST /login', header, body), 415)
      }
    })

    test('in Accept-Language makes it no language of ours', async () => {
      const languageAt = async (header: (string | Buffer)[]) => {
        const reply = await send('GET /scan', ['Accept: text/html\r\nAccept-Language: ', ...header])
        return reply.status === 400 ? 'en' : /<html lang="(\w+)"/.exec(reply.body)?.[1]
      }
      expect(await languageAt(['tlh, \tde ;q=0.5'])).toBe('de')
      for (const header of [
        [odd, 'de'],
        ['de', odd],
      ]) {
        expect([odd, header, await languageAt(['tlh,', ...header])]).toEqual([odd, header, 'en'])
      }
    })

    test('around a body makes it no JSON', async () => {
      const type = { headers: { origin, 'content-type': 'application/json' } }
      for (const payload of [Buffer.concat([odd, Buffer.from('{}')]), Buffer.concat([Buffer.from('{}'), odd])]) {
        const reply = await app.inject({ method: 'POST', url: '/login', payload, ...type })
        expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request'])
      }
    })

    test("in a token's path makes it no token", async () => {
      const escaped = [...odd].map((byte) => `%${byte.toString(16)}`).join('')
      const { token } = (await createInjectClient(app).post('/login', {}, byOrigin)).json()
      for (const path of [`${escaped}${token}`, `${token}${escaped}`, token.replace('.', `${escaped}.`)]) {
        const reply = await app.inject({ url: `/login/status/${path}` })
        expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request'])
      }
    })
  })
})

test.each(ODD)('T24 %s in Content-Type makes it another type than a form', async (_name, odd) => {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([WEB])))
  const { app } = await createTestApp({ CLIENTS_FILE: 'clients.json' }, { clients })
  const byte = odd.toString('latin1')
  const statusOf = async (type: string) => {
    const credentials = { client_id: WEB.client_id, client_secret: WEB.client_secret, token: 'x' }
    const payload = String(new URLSearchParams(credentials))
    const headers = { 'content-type': type }
    return (await app.inject({ method: 'POST', url: '/oauth/revoke', headers, payload })).statusCode
  }
  const form = 'application/x-www-form-urlencoded'
  expect(await statusOf(`${form} ;charset=utf-8`)).toBe(200)
  for (const type of [
    `${byte}${form}`,
    `${form}${byte}`,
    `${form}${byte};charset=utf-8`,
    form.replace('/', `${byte}/`),
  ]) {
    expect(await statusOf(type)).toBe(415)
  }
  await app.close()
})

/** Refused by us, or by Node's parser, for which some bytes are no header at all. Nothing is handed out. */
function expectRefused(reply: RawReply, status: number): void {
  expect([status, 400]).toContain(reply.status)
  expect(reply.headers.get('set-cookie')).toBeUndefined()
}

test('T24 an odd byte in X-Forwarded-For names no client, also where a proxy that is trusted passes it on', async () => {
  const { app } = await createTestApp({ TRUST_PROXY: '127.0.0.1' })
  const [browser, phone] = [createInjectClient(app), createInjectClient(app)]
  await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  for (const odd of ['\u00a0', '\u0085', '\u000b', '\u000c', '\u00fe\u00ff']) {
    const way = { headers: { origin: PUBLIC_URL, 'x-forwarded-for': `${odd}198.51.100.7` } }
    const { token } = (await browser.post('/login', {}, way)).json()
    const scanned = (await phone.post('/login/scan', { token }, way)).json()
    expect(scanned).toMatchObject({ ip: '127.0.0.1', same_network: false, match: 'code' })
  }
  await app.close()
})

test('T24 a code typed in wide letters is the code, and one that only grows into it is not', async () => {
  const { app } = await createTestApp()
  const [browser, phone] = [createInjectClient(app), createInjectClient(app)]
  await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
  const { token } = (await browser.post('/login')).json()
  const code: string = (await browser.post('/login/user-code', { token })).json().user_code
  const wide = code.replace(/[!-~]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0))
  expect((await phone.post('/login/scan', { user_code: wide })).json().status).toBe('scanned')
  for (const user_code of [code.replace('-', '\u0000'), `${code}\u200b`, 'ßßßß']) {
    expect((await phone.post('/login/scan', { user_code })).json().code).toBe('expired_token')
  }
  await app.close()
})

describe('T24 at an application, and on the way to the provider,', () => {
  const WIKI = 'http://wiki.test'
  const LETTERS = ['\u00a0', '\u0085', '\u00fe\u00ff', '\u00ef\u00bb\u00bf', '\u00e2\u0080\u00a8']

  test('an odd byte before the name makes it none of our cookies: it lets in nobody, and is no end of an errand', async () => {
    const service = await startService(behindThisMachine([{ origin: WIKI }]))
    const phone = await createPhone(service.url)
    const ask = async (cookie: string) =>
      (await phone.get('/auth/verify', { headers: forwardedTo(WIKI), cookie })).status
    for (const odd of LETTERS) {
      const entry = await entryOf(phone, WIKI)
      expect(await ask(`${odd}${entry}`)).toBe(401)
      expect(await ask(`other=1; ${odd}${entry}`)).toBe(401)
      expect(await ask(`${odd}scanin_app=${'p'.repeat(43)}; ${entry}`)).toBe(200)
      const errand = await beginErrand(phone, WIKI)
      const refused = await showCode(phone, WIKI, await codeFor(phone, errand), `${odd}${errand.cookie}`)
      expect([refused.status === 302, refused.setCookies]).toEqual([false, []])
      const entered = await showCode(phone, WIKI, await codeFor(phone, errand), errand.cookie)
      expect(entered.status).toBe(302)
    }
    expect(await service.stop()).toBe(0)
  })

  test('an odd byte before the name makes it no way back to this browser', async () => {
    const publicUrl = 'http://scanin.test'
    const team = await startTeamProvider({ publicUrl })
    team.people.set('u-1', { name: 'Ada Lovelace' })
    const service = await startService({ PUBLIC_URL: publicUrl, ...team.env })
    for (const odd of ['', ...LETTERS]) {
      const client = createClient(service.url, publicUrl)
      const begun = await client.get('/sign-in/oidc?return_to=/scan')
      const { pathname, search } = await team.visit(String(begun.headers.location), 'u-1')
      const cookie = `${odd}scanin_sign_in=${client.cookies.get('scanin_sign_in')}`
      const back = await client.get(pathname + search, { cookie })
      expect([odd, sessionSetBy(back) !== undefined]).toEqual([odd, odd === ''])
    }
    expect(await service.stop()).toBe(0)
    await team.stop()
  })
})
