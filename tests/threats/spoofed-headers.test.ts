import type { OutgoingHttpHeaders } from 'node:http'
import { expect, test } from '@jest/globals'
import { entryOf, forwardedTo, writeApps } from '../support/applications.ts'
import { onEveryStore } from '../support/every-store.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { readQrImage } from './qr-picture.ts'
import { documentedRoutes } from './routes.ts'
import { expectProblem } from './seen.ts'

/** T15: where the service is, it knows from its configuration; where a client is, from those it was told to trust. */

const WIKI = 'http://wiki.test'

const EVIL: OutgoingHttpHeaders[] = [
  { host: 'evil.example' },
  { host: 'evil.example:80', 'x-forwarded-host': 'evil.example' },
  {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '443',
    'x-forwarded-prefix': '/evil.example',
  },
  { forwarded: 'for=10.0.0.1;host=evil.example;proto=https' },
  { 'x-original-url': 'http://evil.example/', 'x-rewrite-url': '/evil.example', 'x-host': 'evil.example' },
  { 'x-forwarded-server': 'evil.example', 'x-http-host-override': 'evil.example' },
  { referer: 'http://evil.example/', 'x-forwarded-uri': '/evil.example', 'x-forwarded-scheme': 'evil' },
]

for (const trustProxy of ['', '127.0.0.1/32']) {
  onEveryStore({ POLL_HOLD_SECONDS: '0', TRUST_PROXY: trustProxy }, (stage) => {
    const trusting = trustProxy === '' ? 'trusting nobody' : 'even behind a trusted proxy'

    test(`T15 whatever Host, X-Forwarded-* and Forwarded say, the QR leads to the public URL, ${trusting}`, async () => {
      const { url } = stage.service()
      for (const headers of EVIL) {
        const reply = await stage.browser().post('/login', {}, { headers })
        expect(reply.status).toBe(201)
        expect(reply.json.verification_uri).toBe(`${url}/scan`)
        expect(reply.json.verification_uri_complete).toBe(`${url}/scan#${reply.json.token}`)
        expect(await readQrImage(reply.json.qr_image)).toBe(`${url}/scan#${reply.json.token}`)
        expect(reply.text + JSON.stringify(reply.headers)).not.toContain('evil')
      }
    })

    test(`T15 no page, reply or redirect repeats them, ${trusting}`, async () => {
      const [phone, browser] = [await stage.phone(), stage.browser()]
      const token = await startLogin(browser)
      const paths = (await documentedRoutes(phone)).filter(({ method }) => method === 'GET').map(({ path }) => path)
      const all = [...paths, '/', '/scan', '/home', '/docs', '/docs/', '/openapi.json', '/nowhere']
      for (const path of all.map((path) => path.replace(/\{[^}]+\}/, token))) {
        for (const headers of EVIL) {
          // Signed in, except for `/auth/`: there a redirect to the sign-in is what may repeat them.
          const reply = await (path.startsWith('/auth/') ? stage.browser() : phone).get(path, { headers })
          expect({ path, isRepeated: /evil/.test(reply.text + JSON.stringify(reply.headers)) }).toEqual({
            path,
            isRepeated: false,
          })
        }
      }
    })

    test(`T15 the phone is told the public URL as the site, and the cookies stay as they are, ${trusting}`, async () => {
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
      const [browser, phone] = [stage.browser(), await stage.phone()]
      const started = await browser.post('/login', {}, { headers })
      expect(started.setCookies.join()).not.toMatch(/Secure|Domain|evil/)
      const scanned = await phone.post('/login/scan', { token: started.json.token }, { headers })
      expect(scanned.json.origin).toBe(stage.service().url)
    })
  })
}

onEveryStore({ POLL_HOLD_SECONDS: '0', RATE_LOGINS_PER_MINUTE: '3', RATE_SIGN_INS_PER_MINUTE: '5' }, (stage) => {
  test("T15 a rotating X-Forwarded-For from a peer that nobody trusts: one limit for all, and the peer's own address is shown, as near to nobody", async () => {
    const phone = await stage.phone()
    const statuses: number[] = []
    let token = ''
    for (let nth = 1; nth <= 6; nth++) {
      const headers = {
        'x-forwarded-for': `203.0.113.${nth}`,
        'x-real-ip': `203.0.113.${nth}`,
        forwarded: `for=203.0.113.${nth}`,
      }
      const reply = await stage.browser().post('/login', {}, { headers })
      statuses.push(reply.status)
      token = reply.json.token ?? token
    }
    expect(statuses).toEqual([201, 201, 201, 429, 429, 429])
    const scanned = await phone.post('/login/scan', { token }, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect(scanned.json).toMatchObject({ ip: '127.0.0.1', same_network: false })
    for (const { ip } of (await phone.get('/sessions')).json.sessions) expect(ip).toBe('127.0.0.1')
  })

  test('T15 nor does it give anyone more tries at a password', async () => {
    const statuses: number[] = []
    for (let nth = 1; nth <= 8; nth++) {
      const headers = { 'x-forwarded-for': `2001:db8:${nth}::1` }
      statuses.push(
        (await stage.browser().post('/sign-in', { username: 'demo', password: 'wrong' }, { headers })).status,
      )
    }
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(5)
    expect(statuses.slice(5)).toEqual([429, 429, 429])
  })
})

const BEHIND_A_PROXY = {
  POLL_HOLD_SECONDS: '0',
  TRUST_PROXY: '127.0.0.1/32',
  RATE_LOGINS_PER_MINUTE: '3',
  APPS_FILE: writeApps([{ origin: WIKI }]).path,
}

onEveryStore(BEHIND_A_PROXY, (stage) => {
  test('T15 of a chain only the address that the trusted proxy itself saw counts: what a client puts before it is ignored', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const { token } = (await browser.post('/login', {}, { headers: { 'x-forwarded-for': '192.0.2.66, 198.51.100.7' } }))
      .json
    const scanned = await phone.post(
      '/login/scan',
      { token },
      { headers: { 'x-forwarded-for': '192.0.2.66, 203.0.113.9' } },
    )
    expect(scanned.json).toMatchObject({ ip: '198.51.100.7', same_network: false })
  })

  test('T15 a client behind the proxy that rotates what it puts before its own address stays one client', async () => {
    const statuses: number[] = []
    for (let nth = 1; nth <= 5; nth++) {
      const headers = { 'x-forwarded-for': `192.0.2.${nth}, 198.51.100.20` }
      statuses.push((await stage.browser().post('/login', {}, { headers })).status)
    }
    expect(statuses).toEqual([201, 201, 201, 429, 429])
  })

  test('T15 who claims to be somebody by the headers that a proxy would set is nobody, and somebody else stays who they are', async () => {
    const claims = {
      'remote-user': 'root',
      'remote-name': 'Root',
      'remote-email': 'root@example.com',
      'remote-groups': 'admins',
    }
    const told = { ...claims, ...forwardedTo(WIKI) }
    const cookie = await entryOf(await stage.phone(), WIKI)
    const stranger = await stage.browser().get('/auth/verify', { headers: told })
    expectProblem(stranger, 401, 'authentication_required')
    const { status, headers } = await stage.browser().call('GET', '/auth/verify', { headers: told, cookie })
    expect({ status, user: headers['remote-user'], name: headers['remote-name'] }).toEqual({
      status: 200,
      user: 'demo',
      name: 'Demo Person',
    })
    expect(JSON.stringify(headers)).not.toMatch(/root|admins/i)
    expect(Object.keys(stranger.headers).filter((name) => name.startsWith('remote-'))).toEqual([])
  })

  test("T15 a signed-in session is bound to nobody's claimed address", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const from = (address: string) => ({
      headers: { 'x-forwarded-for': address, 'remote-user': 'root', 'x-auth-request-user': 'root' },
    })
    const { token } = (await browser.post('/login', {}, from('198.51.100.44'))).json
    await scan(phone, token)
    const { match_code } = (await phone.post('/login/confirm', { token })).json
    // From other networks: the digits are asked for.
    const collected = await browser.post('/login/match', { token, match_code }, from('192.0.2.9'))
    expect(collected.json.status).toBe('authenticated')
    for (const client of [browser, phone]) {
      const { status, json } = await client.get('/session', from('203.0.113.77'))
      expect({ status, id: json.user?.id }).toEqual({ status: 200, id: 'demo' })
    }
  })
})

onEveryStore({ POLL_HOLD_SECONDS: '0', TRUST_PROXY: '127.0.0.1/32', RATE_LOGINS_PER_MINUTE: '0' }, (stage) => {
  test.each(['garbage', '', ',', '999.1.1.1', '<script>', '1.2.3.4, nonsense'])(
    'T15 an X-Forwarded-For of "%s" is no server error, and the phone is shown the proxy, as near to nobody',
    async (forwarded) => {
      expect(await shownFor(forwarded)).toEqual({ ip: '127.0.0.1', same_network: false })
    },
  )

  test.each([
    ['192.0.2.7:99999', '192.0.2.7'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('T15 of an X-Forwarded-For of "%s" the phone is shown %s', async (forwarded, ip) => {
    expect(await shownFor(forwarded)).toMatchObject({ ip })
  })

  async function shownFor(forwarded: string) {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const headers = { 'x-forwarded-for': forwarded }
    const started = await browser.post('/login', {}, { headers })
    expect(started.status).toBe(201)
    const { ip, same_network } = (await phone.post('/login/scan', { token: started.json.token }, { headers })).json
    return { ip, same_network }
  }
})
