import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { importJWK, SignJWT } from 'jose'
import type { SigningJwk } from '../../server/keys/key-schedule.ts'
import { makeKey } from '../../server/keys/key-set.ts'
import { ZOFIA } from '../support/accounts-file.ts'
import { WEB } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { answerIn, authorize, authorizePath, codeFor, sentTo } from '../support/oauth-flow.ts'
import { type Provider, startProvider } from '../support/provider.ts'
import { tryToStart } from '../support/service.ts'

/** T31: what is signed by the same keys and is no ID token, shown as if it were one. RFC 8725 §3.11. */

const APPLICATION = { ...WEB, id_token_signed_response_alg: 'EdDSA' }
const folder = mkdtempSync(join(tmpdir(), 'scanin-'))

let provider: Provider
let browser: Client
let session: { id: string }
/** A token of this browser's session for the application, signed by ScanIn's own key if not by another one. */
let signed: (typ: string | undefined, claims?: object, by?: SigningJwk) => Promise<string>
/** That ScanIn signs by, one of each algorithm. */
let first: SigningJwk[]
const path = join(folder, 'keys.json')
const writeKeys = (...keys: SigningJwk[]) => writeFileSync(path, JSON.stringify({ keys }))

beforeAll(async () => {
  const key = await makeKey('EdDSA')
  first = [key, await makeKey('RS256')]
  writeKeys(...first)
  provider = await startProvider([APPLICATION], { SIGNING_KEYS_FILE: path, TOKEN_AUDIENCES: 'orders' })
  signed = async (typ, claims = {}, by = key) => {
    const now = Math.floor(Date.now() / 1000)
    const own = { iss: provider.service.url, aud: 'web', sub: ZOFIA.id, sid: session.id, iat: now, exp: now + 300 }
    return new SignJWT({ ...own, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: by.kid, ...(typ === undefined ? {} : { typ }) })
      .sign(await importJWK(by, 'EdDSA'))
  }
})
afterAll(async () => {
  await provider?.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  browser = createClient(provider.service.url)
  await codeFor(browser, provider.phone, APPLICATION)
  session = (await browser.get('/session')).json.session
})

const signOutBy = (hint: string) => browser.get(`/oauth/logout?${new URLSearchParams({ id_token_hint: hint })}`)
const OTHERS = ['at+jwt', 'application/at+jwt', 'logout+jwt', 'dpop+jwt', '']

test.each(OTHERS)('T31 a token of the type "%s" signs nobody out: the person is asked', async (typ) => {
  const reply = await signOutBy(await signed(typ))
  expect(reply.status).toBe(200)
  expect(reply.setCookies).toEqual([])
  expect((await browser.get('/session')).status).toBe(200)
})

test.each(OTHERS)('T31 a token of the type "%s" says of nobody that they are meant', async (typ) => {
  const hint = await signed(typ, { sub: 'somebody-else' })
  const answer = answerIn(await browser.get(authorizePath(APPLICATION, { prompt: 'none', id_token_hint: hint })))
  expect(answer).toMatchObject({ code: expect.any(String) })
})

test.each([undefined, 'JWT'])('an ID token does both, its type being %s', async (typ) => {
  const path = authorizePath(APPLICATION, {
    prompt: 'none',
    id_token_hint: await signed(typ, { sub: 'somebody-else' }),
  })
  expect(answerIn(await browser.get(path))).toMatchObject({ error: 'login_required' })
  await signOutBy(await signed(typ))
  expect((await browser.get('/session')).status).toBe(401)
})

test('an ID token by a key that signs no more is a hint for as long as that key is published', async () => {
  const next = [await makeKey('EdDSA'), await makeKey('RS256')]
  const known = async () => (await browser.get('/.well-known/jwks.json')).json.keys.map(({ kid }: SigningJwk) => kid)
  const by = (claims: object) => signed(undefined, claims)
  const authorized = async (hint: string) =>
    answerIn(await browser.get(authorizePath(APPLICATION, { prompt: 'none', id_token_hint: hint })))
  // An ID token may be over: applications keep it for as long as their own session.
  const old = { iat: 1_700_000_000, exp: 1_700_000_300 }

  writeKeys(...next, ...first)
  await eventually('another key signs', async () => (await known())[0] === next[0]?.kid)
  expect(await authorized(await by(old))).toMatchObject({ code: expect.any(String) })
  expect(await authorized(await by({ ...old, sub: 'somebody-else' }))).toMatchObject({ error: 'login_required' })
  expect(await authorized(await by({ ...old, aud: 'another' }))).toMatchObject({ error: 'invalid_request' })
  expect(await authorized(await by({ ...old, iss: 'https://another.example' }))).toMatchObject({
    error: 'invalid_request',
  })
  const out = await signOutBy(await by(old))
  expect([out.status, (await browser.get('/session')).status]).toEqual([200, 401])

  writeKeys(...next)
  await eventually('the key before is known no more', async () => !(await known()).includes(first[0]?.kid))
  await codeFor(browser, provider.phone, APPLICATION)
  session = (await browser.get('/session')).json.session
  await signOutBy(await by(old))
  expect((await browser.get('/session')).status).toBe(200)
})

test('an ID token by a key that is known no more says of nobody that they are meant: they are asked', async () => {
  const hint = await signed(undefined, {}, await makeKey('EdDSA'))
  const asking = (who: Client, prompt?: string) => who.get(authorizePath(APPLICATION, { prompt, id_token_hint: hint }))
  const stranger = createClient(provider.service.url)
  for (const who of [browser, stranger]) {
    expect(answerIn(await asking(who, 'none'))).toMatchObject({ error: 'login_required' })
    const page = sentTo(await asking(who))
    expect([page.pathname, page.search.includes(hint)]).toEqual(['/', false])
    const path = authorizePath(APPLICATION, { id_token_hint: hint })
    expect(answerIn(await authorize(who, provider.phone, path))).toMatchObject({ code: expect.any(String) })
  }
})

test('T31 no application has the name of a back end: the start is refused, and a file that is read again', async () => {
  const { service, clients } = provider
  const orders = { ...APPLICATION, client_id: 'orders' }
  const refusal = /CLIENTS_FILE: line \d+, entry 2: its client_id is one of TOKEN_AUDIENCES/
  clients.write([APPLICATION, orders])
  await eventually('the file is refused', () => refusal.test(service.stdout()))
  expect(answerIn(await browser.get(authorizePath(APPLICATION, { prompt: 'none' })))).toHaveProperty('code')
  const start = await tryToStart({ PORT: '0', CLIENTS_FILE: clients.path, TOKEN_AUDIENCES: 'stock,orders' })
  expect(start.code).toBe(1)
  expect(start.said).toMatch(refusal)
  clients.write([APPLICATION])
})
