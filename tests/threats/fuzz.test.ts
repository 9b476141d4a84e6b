import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { eventually } from '../support/eventually.ts'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { documentedRoutes, type Route } from './routes.ts'
import { unhurried } from './seen.ts'

/**
 * T21, by chance: requests that nobody thought of, to every route that `/openapi.json` names. `FUZZ_RUNS` makes it
 * longer by hand, `FUZZ_SEED` makes it another; a failure prints the request, shortened.
 */

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 800)
const SEED = Number(process.env['FUZZ_SEED'] ?? 2026)
/** At once: bytes that may be the beginning of something are answered only when the rest is late. */
const AT_ONCE = 100

const TOKEN = `${'a'.repeat(16)}.${'b'.repeat(22)}`

/** Words that mean something somewhere, and others that mean trouble elsewhere. */
const word = fc.oneof(
  fc.constantFrom(
    TOKEN,
    `${TOKEN}x`,
    '',
    '0',
    '-1',
    '1e309',
    'null',
    '__proto__',
    'constructor',
    'toString',
    '..',
    '%2e%2e%2f',
    '%00',
    '%zz',
    '%ff',
    '*',
    '//evil.example',
    '\u0000',
    '\ud800',
    '\u202e',
    'demo',
    'WDJB-MJHT',
    '123456',
    'pending',
    '$gt',
    "'--",
    '{{7*7}}',
    '\r\nx: y',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 3000 }),
  fc.integer().map(String),
)

const key = fc.oneof(
  fc.constantFrom(
    'token',
    'user_code',
    'match_code',
    'remember',
    'username',
    'password',
    'return_to',
    'seen',
    'wait',
    'redirect',
    'client_id',
    'grant_type',
    'device_code',
    'id',
    '__proto__',
    'constructor',
  ),
  word,
)

const value = fc.oneof(word, fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(TOKEN, true, false, null, 0, [], {}))

const body = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.dictionary(key, value, { maxKeys: 5 }).map((object) => Buffer.from(JSON.stringify(object))),
  },
  { weight: 1, arbitrary: fc.jsonValue().map((json) => Buffer.from(JSON.stringify(json))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('[', '{"a":', '"', '\\u00'), fc.nat({ max: 3000 }))
      .map(([part, times]) => Buffer.from(part.repeat(times))),
  },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }).map((size) => Buffer.alloc(size, ' ')) },
  { weight: 2, arbitrary: fc.constant(undefined) },
)

const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'application/json; charset=utf-8',
      'application/json;charset=utf-16',
      'APPLICATION/JSON',
      'application/json, text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/plain',
      'application/',
      '/',
      ';',
      '*/*',
      'application/json;;;',
      '"',
      '',
    ),
  },
)

/** What may stand in a header's value on the wire. */
const headerText = fc.oneof(
  word.map((text) => text.replace(/[^\t\x20-\x7e]/g, '~')),
  fc.constantFrom(
    'Bearer x',
    'Bearer ',
    'Bearer a.b.c',
    'Basic Og==',
    'scanin_session=x',
    `scanin_${'a'.repeat(16)}=${'k'.repeat(43)}`,
    'scanin_session=; scanin_session=;;=',
    'gzip',
    'chunked',
    '127.0.0.1',
    '::1',
    'null',
    'same-origin',
    'cross-site',
    'none',
    'https://evil.example',
    'bytes=0-0',
    'bytes=-1',
    'bytes=9-1,1-9',
    '"x"',
    'websocket',
    '1',
    '*/*;q=x',
    '\t',
  ),
)

const headerName = fc.constantFrom(
  'authorization',
  'cookie',
  'origin',
  'sec-fetch-site',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-uri',
  'forwarded',
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-version',
  'content-encoding',
  'if-none-match',
  'if-modified-since',
  'range',
  'if-range',
  'user-agent',
  'x-http-method-override',
  'te',
  'prefer',
  'referer',
  'priority',
  'traceparent',
  'x-request-id',
  'request-id',
)

const request = fc.record({
  route: fc.nat(),
  /** Most often what the route is made for. */
  method: fc.option(
    fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY'),
    { freq: 5 },
  ),
  params: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: word.map(encodedLoosely) },
      { weight: 1, arbitrary: fc.constantFrom('%zz', '%ff%fe', '%00', '..', '%2e%2e', '%2f', ';x', '?', '&=') },
    ),
    { minLength: 2, maxLength: 2 },
  ),
  suffix: fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('/', '//', '/..', '/x', '%', ';a=b', '.json', '/%2e%2e/') },
  ),
  query: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(key, word), { maxLength: 4 })
        .map((pairs) => `?${pairs.map(([name, text]) => `${encodedLoosely(name)}=${encodedLoosely(text)}`).join('&')}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '?',
        '?&&=',
        '?%',
        '?wait=1&wait=2',
        '?seen[]=x',
        '?wait=-0',
        '?__proto__[x]=y',
        '?redirect=1&return_to=//evil.example',
      ),
    },
  ),
  body,
  contentType,
  headers: fc.dictionary(headerName, headerText, { maxKeys: 5 }),
  isSignedIn: fc.boolean(),
})

type FuzzedRequest = typeof request extends fc.Arbitrary<infer Value> ? Value : never

/** Percent-encodes what no HTTP client lets through, and leaves the rest as wild as it is. */
function encodedLoosely(text: string): string {
  return [...text]
    .slice(0, 3000)
    .map((character) => (/[!-~]/.test(character) && !/[#?]/.test(character) ? character : encodedCharacter(character)))
    .join('')
}

function encodedCharacter(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

/** What must be so for every reply there is. */
function expectGoodManners(
  { status, headers, text }: { status: number; headers: Record<string, unknown>; text: string },
  method: string,
): void {
  expect(status).toBeGreaterThanOrEqual(200)
  expect(status).toBeLessThan(500)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['referrer-policy']).toBe('no-referrer')
  if (status < 400) return
  expect(headers['content-type']).toMatch(/^application\/problem\+json(;|$)/)
  if (method === 'HEAD') return
  const problem = JSON.parse(text)
  expect(problem).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    code: expect.stringMatching(/^[a-z_]+$/),
  })
  expect(
    Object.keys(problem).filter((name) => !['type', 'title', 'status', 'code', 'detail', 'tries_left'].includes(name)),
  ).toEqual([])
}

onEveryStore({ POLL_HOLD_SECONDS: '1', TRUST_PROXY: '127.0.0.1/32', LOGIN_SECONDS: '3600' }, (stage) => {
  test("T21 whatever is sent to any route: no server error, no hang, every refusal a problem, and nobody's login lost", async () => {
    const { url } = stage.service()
    const [phone, bystander] = [await createPhone(url), createClient(url)]
    const token = await startLogin(bystander)
    const routes = await documentedRoutes(phone)
    const session = `scanin_session=${phone.cookies.get('scanin_session')}`

    await fc.assert(
      fc.asyncProperty(request, async (fuzzed) => {
        const { path, call, method } = madeOf(fuzzed, routes, url, session)
        const reply = await createClient(url).call(method, path, call)
        expectGoodManners(reply, method)
      }),
      { seed: SEED, numRuns: RUNS },
    )
    await expectAllWell(stage, bystander, token)
  })

  test('T21 bytes that are hardly HTTP: a reply or a closed connection, in bounded time, and every refusal a problem', async () => {
    const { url, port } = stage.service()
    const bystander = createClient(url)
    const token = await startLogin(bystander)
    const paths = (await documentedRoutes(bystander)).map(({ path }) => path)
    const all = fc.sample(wireBytes(paths), { seed: SEED, numRuns: Math.ceil(RUNS / 8) })
    for (let from = 0; from < all.length; from += AT_ONCE) {
      await Promise.all(all.slice(from, from + AT_ONCE).map((bytes) => expectAnAnswer(port, bytes)))
    }
    await expectAllWell(stage, bystander, token)
  })
})

/** Of which a closed connection is one. */
async function expectAnAnswer(port: number, bytes: Buffer): Promise<void> {
  const { status, headers } = await sendRaw(port, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]))
  const type = headers.get('content-type') ?? ''
  const isGood = status < 400 || (status < 500 && /^application\/problem\+json(;|$)/.test(type))
  const seen = { sent: bytes.toString('latin1'), status, type }
  expect({ ...seen, isGood }).toEqual({ ...seen, isGood: true })
}

function madeOf(fuzzed: FuzzedRequest, routes: Route[], origin: string, session: string) {
  const route = routes[fuzzed.route % routes.length] ?? { method: 'GET', path: '/' }
  const params = [...fuzzed.params]
  const path = route.path.replace(/\{[^}]+\}/g, () => params.pop() ?? '') + fuzzed.suffix + fuzzed.query
  // A phone`s own sign-out would end what the other requests need.
  const isEnding = /^\/(sign-out|sessions)/.test(path)
  const hasSession = fuzzed.isSignedIn && !isEnding && !('authorization' in fuzzed.headers)
  const method = fuzzed.method ?? route.method
  const headers = {
    origin,
    ...(fuzzed.body === undefined ? {} : { 'content-type': fuzzed.contentType }),
    ...fuzzed.headers,
  }
  const call = {
    headers,
    cookie: hasSession && !('cookie' in fuzzed.headers) ? session : '',
    ...(fuzzed.body === undefined || method === 'GET' || method === 'HEAD' || method === 'TRACE'
      ? {}
      : { raw: fuzzed.body }),
  }
  return { path: path.startsWith('/') ? path : `/${path}`, call, method }
}

/** A request line and headers, put together by somebody who has only heard of HTTP. */
function wireBytes(paths: string[]): fc.Arbitrary<Buffer> {
  const line = fc.tuple(
    fc.constantFrom('GET', 'POST', 'get', 'HEAD', 'DELETE', 'FROB', ''),
    fc.oneof(fc.constantFrom(...paths, '*', 'http://x/', '//', ''), fc.string({ unit: 'binary-ascii', maxLength: 30 })),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1\u0000', ''),
  )
  const header = fc.oneof(
    fc.constantFrom(
      'Host: x',
      'Host: x',
      'Host: ',
      'Content-Length: 0',
      'Content-Length: 5',
      'Content-Length: -5',
      'Content-Length: 0x5',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: identity',
      'Connection: upgrade',
      'Upgrade: h2c',
      'Expect: 100-continue',
      'Content-Type: application/json',
      'Cookie: \u0001',
      ': x',
      'no colon',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
  )
  return fc
    .tuple(line, fc.array(header, { maxLength: 6 }))
    .map(([parts, headers]) => Buffer.from([parts.join(' '), ...headers, 'Connection: close'].join('\r\n'), 'latin1'))
}

async function expectAllWell(stage: Stage, bystander: Client, token: string): Promise<void> {
  expect(stage.service().hasEnded()).toBe(false)
  await eventually('it is ready', async () => (await bystander.get('/readyz')).status === 200)
  expect((await unhurried(() => bystander.get(`/login/status/${token}`))).json.status).toBe('pending')
  expect(stage.service().stdout()).not.toContain('"internal error"')
}
