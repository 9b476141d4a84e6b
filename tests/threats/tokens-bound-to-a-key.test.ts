import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateSecret, SignJWT } from 'jose'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { makePhoneKey, type PhoneKey, type ProofChanges, proofOf } from '../support/proofs.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { expectProblem, sessionSetBy } from './seen.ts'

/** T29, RFC 9449: a token that is bound to a key opens nothing for who has the token and not the key. */

let provider: IdentityProvider
let [own, foreign]: PhoneKey[] = []

beforeAll(async () => {
  ;[provider, own, foreign] = await Promise.all([startIdentityProvider(), makePhoneKey(), makePhoneKey()])
})
afterAll(() => provider.stop())

const seconds = () => Math.floor(Date.now() / 1000)

function keyOf(key: PhoneKey | undefined): PhoneKey {
  if (key === undefined) throw new Error('no key')
  return key
}

async function boundToken(claims: Record<string, unknown> = {}): Promise<string> {
  const cnf = { jkt: await calculateJwkThumbprint(keyOf(own).jwk) }
  return provider.sign({ claims: { cnf, ...claims } })
}

/** A request of an app: no cookie, no origin, and these headers. */
function ask(client: Client, method: string, path: string, headers: Record<string, string>, body?: unknown) {
  return client.call(method, path, { body, cookie: '', headers: { ...headers, origin: undefined } })
}

interface Showing {
  token: string
  proof?: string
  scheme?: string
}

const shown = ({ token, proof, scheme = 'DPoP' }: Showing) => ({
  authorization: `${scheme} ${token}`,
  ...(proof === undefined ? {} : { dpop: proof }),
})

/** The proof for a request to a service, by the right key, but for what is said otherwise. */
function proofFor(stage: Stage, token: string, method: string, path: string, changes: ProofChanges = {}, key = own) {
  return proofOf(keyOf(key), { token, method, url: stage.service().url + path }, changes)
}

async function call(stage: Stage, client: Client, token: string, method: string, path: string, body?: unknown) {
  const proof = await proofFor(stage, token, method, path)
  return ask(client, method, path, shown({ token, proof }), body)
}

/** Each makes what is shown with a good token, for `POST /login/confirm`; the first argument is what makes a proof. */
type Make = (proof: (changes?: ProofChanges, key?: PhoneKey) => Promise<string>, token: string) => Promise<Showing>

const BAD: [what: string, make: Make][] = [
  ['no proof', async (_proof, token) => ({ token })],
  ['a proof, and as Bearer', async (proof, token) => ({ token, proof: await proof(), scheme: 'Bearer' })],
  ['nothing, as Bearer', async (_proof, token) => ({ token, scheme: 'Bearer' })],
  ['a proof by another key', async (proof, token) => ({ token, proof: await proof({}, keyOf(foreign)) })],
  [
    'a proof by another key that calls itself the right one',
    async (proof, token) => ({ token, proof: await proof({ header: { jwk: keyOf(own).jwk } }, keyOf(foreign)) }),
  ],
  [
    'a proof for another token',
    async (proof, token) => ({ token, proof: await proof({ claims: { ath: 'x'.repeat(43) } }) }),
  ],
  ['a proof for no token', async (proof, token) => ({ token, proof: await proof({ claims: { ath: undefined } }) })],
  ['a proof for GET', async (proof, token) => ({ token, proof: await proof({ claims: { htm: 'GET' } }) })],
  ['a proof for post', async (proof, token) => ({ token, proof: await proof({ claims: { htm: 'post' } }) })],
  [
    'a proof for another host',
    async (proof, token) => ({ token, proof: await proof({ claims: { htu: 'https://evil.example/login/confirm' } }) }),
  ],
  [
    'a proof for a path alone',
    async (proof, token) => ({ token, proof: await proof({ claims: { htu: '/login/confirm' } }) }),
  ],
  [
    'a proof of ten minutes ago',
    async (proof, token) => ({ token, proof: await proof({ claims: { iat: seconds() - 600 } }) }),
  ],
  [
    'a proof of in ten minutes',
    async (proof, token) => ({ token, proof: await proof({ claims: { iat: seconds() + 600 } }) }),
  ],
  ['a proof of no time', async (proof, token) => ({ token, proof: await proof({ claims: { iat: undefined } }) })],
  [
    'a proof whose time is text',
    async (proof, token) => ({ token, proof: await proof({ claims: { iat: String(seconds()) } }) }),
  ],
  ['a proof without an id', async (proof, token) => ({ token, proof: await proof({ claims: { jti: undefined } }) })],
  ['a proof whose id is empty', async (proof, token) => ({ token, proof: await proof({ claims: { jti: '' } }) })],
  ['a proof of another type', async (proof, token) => ({ token, proof: await proof({ header: { typ: 'JWT' } }) })],
  ['a proof without its key', async (proof, token) => ({ token, proof: await proof({ header: { jwk: undefined } }) })],
  [
    'a proof that shows its private key',
    async (proof, token) => ({ token, proof: await proof({ header: { jwk: await privateJwk() } }) }),
  ],
  ['a proof that is signed by nobody', async (proof, token) => ({ token, proof: unsigned(await proof()) })],
  ['a proof that is signed by a secret', async (proof, token) => ({ token, proof: await bySecret(await proof()) })],
  ['two proofs', async (proof, token) => ({ token, proof: `${await proof()}, ${await proof()}` })],
  ['the token as its proof', async (_proof, token) => ({ token, proof: token })],
]

function privateJwk() {
  return exportJWK(keyOf(own).privateKey)
}

function unsigned(proof: string): string {
  const [header = '', claims] = proof.split('.')
  const said = JSON.parse(Buffer.from(header, 'base64url').toString())
  return `${Buffer.from(JSON.stringify({ ...said, alg: 'none' })).toString('base64url')}.${claims}.`
}

async function bySecret(proof: string): Promise<string> {
  const secret = await generateSecret('HS256', { extractable: true })
  const header = { typ: 'dpop+jwt', alg: 'HS256', jwk: await exportJWK(secret) }
  return new SignJWT(decodeJwt(proof)).setProtectedHeader(header).sign(secret)
}

const env = () => ({
  POLL_HOLD_SECONDS: '0',
  PHONE_JWT_JWKS_URL: provider.jwksUrl,
  PHONE_JWT_ISSUER: provider.issuer,
  PHONE_JWT_AUDIENCE: AUDIENCE,
})

onEveryStore(env, (stage) => {
  const one = (reply: Reply) => [reply.status, reply.json?.code]

  test('T29 with a proof of its key for each request it signs a browser in, as its person', async () => {
    const [browser, token] = [stage.browser(), await boundToken()]
    const login = await startLogin(browser)
    expect((await call(stage, browser, token, 'POST', '/login/scan', { token: login })).status).toBe(200)
    const confirmed = await call(stage, browser, token, 'POST', '/login/confirm', { token: login })
    expect(confirmed.json).toEqual({ status: 'authenticated' })
    expect((await call(stage, browser, token, 'GET', `/login/scan/${login}`)).status).toBe(200)
    const reply = await browser.get(`/login/status/${login}`)
    expect(reply.json.user).toEqual({ id: 'native-1', name: 'Native Person' })
    expect(sessionSetBy(reply)).toBeDefined()
  })

  test.each(BAD)('T29 with %s it is refused, and the login stays as it was', async (_what, make) => {
    const [browser, token, path] = [stage.browser(), await boundToken(), '/login/confirm']
    const login = await startLogin(browser)
    expect((await call(stage, browser, token, 'POST', '/login/scan', { token: login })).status).toBe(200)
    const makeProof = (changes?: ProofChanges, key?: PhoneKey) => proofFor(stage, token, 'POST', path, changes, key)
    const showing = await make(makeProof, token)
    const reply = await ask(browser, 'POST', path, shown(showing), { token: login })
    expectProblem(reply, 401, 'authentication_required')
    expect(reply.headers['www-authenticate']).toMatch(
      showing.scheme === 'Bearer' ? /^Bearer error="invalid_token"$/ : /^DPoP error="invalid_dpop_proof", algs="ES256 /,
    )
    expect((await browser.get(`/login/status/${login}`)).json.status).toBe('scanned')
  })

  test('T29 a proof that was seen is not taken again: not at once, not for another token, not by another instance', async () => {
    const [client, token] = [stage.browser(), await boundToken()]
    const jti = randomUUID()
    const proof = await proofFor(stage, token, 'GET', '/session', { claims: { jti } })
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => ask(client, 'GET', '/session', shown({ token, proof }))),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 401)])
    const next = await boundToken({ jti: 'the next token' })
    const again = await proofFor(stage, next, 'GET', '/session', { claims: { jti } })
    expect(one(await ask(client, 'GET', '/session', shown({ token: next, proof: again })))).toEqual([
      401,
      'authentication_required',
    ])
    if (stage.kind === 'embedded') return
    const { url } = stage.service()
    const another = await stage.startAnother({ PUBLIC_URL: url })
    const elsewhere = createClient(another.url, url)
    expect((await ask(elsewhere, 'GET', '/session', shown({ token, proof }))).status).toBe(401)
    // Some write parts of a second.
    const fresh = await proofFor(stage, token, 'GET', '/session', { claims: { iat: Date.now() / 1000 - 0.0001 } })
    expect((await ask(elsewhere, 'GET', '/session', shown({ token, proof: fresh }))).status).toBe(200)
  })

  test('T29 an address is the same in another spelling, with a query or a fragment, and no longer', async () => {
    const [client, token] = [stage.browser(), await boundToken()]
    const { url } = stage.service()
    const asked = (htu: string) => proofFor(stage, token, 'GET', '/session', { claims: { htu } })
    for (const htu of [`${url}/session?x=1`, `${url}/session#x`, `${url.replace('http', 'HTTP')}/./session`]) {
      const proof = await asked(htu)
      expect([htu, (await ask(client, 'GET', '/session?y=2', shown({ token, proof }))).status]).toEqual([htu, 200])
    }
    for (const htu of [`${url}/session/`, `${url}/sessions`, `${url}/Session`, url.replace('//', '//x@')]) {
      const proof = await asked(htu)
      expect([htu, (await ask(client, 'GET', '/session', shown({ token, proof }))).status]).toEqual([htu, 401])
    }
  })

  test.each<[string, Record<string, unknown>]>([
    ['a client certificate', { 'x5t#S256': 'A'.repeat(43) }],
    ['a key and a client certificate', { jkt: 'A'.repeat(43), 'x5t#S256': 'A'.repeat(43) }],
    ['what is no thumbprint', { jkt: 'A' }],
    ['nothing', {}],
  ])('T29 one that is bound to %s opens nothing, however it is shown', async (_what, cnf) => {
    const [client, token] = [stage.browser(), await provider.sign({ claims: { cnf } })]
    const proof = await proofFor(stage, token, 'GET', '/session')
    for (const showing of [
      { token, proof },
      { token, scheme: 'Bearer' },
    ]) {
      expect((await ask(client, 'GET', '/session', shown(showing))).status).toBe(401)
    }
  })

  test('T29 one that is bound to no key is no better with a proof', async () => {
    const [client, token] = [stage.browser(), await provider.sign()]
    const proof = await proofFor(stage, token, 'GET', '/session')
    expect((await ask(client, 'GET', '/session', shown({ token, proof }))).status).toBe(401)
    expect((await ask(client, 'GET', '/session', shown({ token, scheme: 'Bearer' }))).status).toBe(200)
  })

  test('T29 two keys of one person are two phones: what one has scanned the other takes over, and does not confirm', async () => {
    const [browser, token] = [stage.browser(), await boundToken()]
    const jkt = await calculateJwkThumbprint(keyOf(foreign).jwk)
    const other = await provider.sign({ claims: { cnf: { jkt } } })
    const byOther = async (path: string, body: unknown) => {
      const proof = await proofFor(stage, other, 'POST', path, {}, foreign)
      return ask(browser, 'POST', path, shown({ token: other, proof }), body)
    }
    const login = await startLogin(browser)
    expect((await call(stage, browser, token, 'POST', '/login/scan', { token: login })).status).toBe(200)
    expectProblem(await byOther('/login/confirm', { token: login }), 409, 'not_scanned')
    expectProblem(await byOther('/login/deny', { token: login }), 409, 'not_scanned')
    expect((await byOther('/login/scan', { token: login })).status).toBe(200)
    expectProblem(await call(stage, browser, token, 'POST', '/login/confirm', { token: login }), 409, 'not_scanned')
    expect((await byOther('/login/confirm', { token: login })).status).toBe(200)
  })
})
