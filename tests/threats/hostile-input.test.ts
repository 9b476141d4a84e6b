import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { howManyTimesAsLong } from '../support/how-many-times-as-long.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { openSocket, type RawReply, sendRaw } from '../support/raw-socket.ts'
import { expectProblem, keyCookieOf, loginIdOf, unhurried } from './seen.ts'

/** T21: whatever arrives is refused in bounded time and in one form; the process lives, and nobody's login is lost. */

/** What a hostile request may cost: so many ordinary ones. */
const MOST_TIMES = 100
const isBounded = (times: number) => times < MOST_TIMES

function expectRawProblem(reply: RawReply, ...statuses: number[]): void {
  expect(statuses).toContain(reply.status)
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json(;|$)/)
  const problem = JSON.parse(reply.body)
  expect(problem).toMatchObject({
    type: 'about:blank',
    status: reply.status,
    code: expect.any(String),
    title: expect.any(String),
  })
  expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
  expect(reply.headers.get('cache-control')).toContain('no-store')
}

function post(path: string, body: string | Buffer, more = ''): Buffer {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

function nested(open: string, close: string, depth: number, middle = '1'): string {
  return open.repeat(depth) + middle + close.repeat(depth)
}

const TOKEN = `${'a'.repeat(16)}.${'b'.repeat(22)}`

/** Bodies that are no JSON object of the form, each in as few words as it takes. */
const BODIES: [what: string, body: string | Buffer][] = [
  ['nothing but a brace', '{'],
  ['a text', '"token"'],
  ['a number', '1'],
  ['a list', `[{"token":"${TOKEN}"}]`],
  ['true', 'true'],
  ['a token that is a number', '{"token":1}'],
  ['a token that is null', '{"token":null}'],
  ['a token that is a list', `{"token":["${TOKEN}"]}`],
  ['a token that is an object', '{"token":{"toString":"x","length":39}}'],
  ['a token with NULs', '{"token":"a\\u0000b"}'],
  ['a token of the right length with a NUL', `{"token":"${'a'.repeat(16)}.${'b'.repeat(21)}\\u0000"}`],
  ['a raw NUL in a text', '{"token":"a\u0000b"}'],
  ['a NUL after the object', `{"token":"${TOKEN}"}\u0000`],
  ['a token with a line end after it', `{"token":"${TOKEN}\\n"}`],
  ['a token in full-width characters', `{"token":"${'ａ'.repeat(16)}.${'ｂ'.repeat(22)}"}`],
  ['a lone surrogate', '{"token":"\\ud800"}'],
  ['the same key twice', `{"token":"${TOKEN}","token":"${TOKEN}"}`],
  ['the same key twice, once escaped', `{"token":"${TOKEN}","tok\\u0065n":"${TOKEN}"}`],
  ['the same key twice, far inside', `{"token":"${TOKEN}","x":[{"a":1,"a":2}]}`],
  ['__proto__', `{"token":"${TOKEN}","__proto__":{"user":"root"}}`],
  ['__proto__ escaped', `{"token":"${TOKEN}","__pr\\u006fto__":{"user":"root"}}`],
  ['constructor.prototype', `{"token":"${TOKEN}","constructor":{"prototype":{"user":"root"}}}`],
  ['nothing but __proto__ with a token', `{"__proto__":{"token":"${TOKEN}"}}`],
  ['lists 2,000 deep', nested('[', ']', 2000)],
  ['objects 600 deep', nested('{"a":', '}', 600)],
  ['a list 2,000 deep in a token', `{"token":${nested('[', ']', 1900)}}`],
  ['deep and never closed', '['.repeat(4000)],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from('{"token":"'), Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('"}')]),
  ],
  ['overlong UTF-8', Buffer.concat([Buffer.from('{"token":"'), Buffer.from([0xc0, 0xae]), Buffer.from('"}')])],
  ['UTF-16', Buffer.from(`{"token":"${TOKEN}"}`, 'utf16le')],
  ['a comment', `{"token":"${TOKEN}"/* */}`],
  ['a trailing comma', `{"token":"${TOKEN}",}`],
  ['NaN', '{"token":NaN}'],
  ['a number of 3,000 digits', `{"token":${'9'.repeat(3000)}}`],
  ['a thousand keys', `{${Array.from({ length: 400 }, (_, at) => `"k${at}":1`).join()}}`],
  ['spaces', ' '.repeat(4000)],
]

/** Whether a body is nothing but a `token` that is a text. */
function isOneText(body: string | Buffer): boolean {
  try {
    const { token, ...rest } = JSON.parse(body.toString())
    return typeof token === 'string' && Object.keys(rest).length === 0 && body.toString().split('"tok').length === 2
  } catch {
    return false
  }
}

const PATHS = ['/login', '/login/scan', '/login/confirm', '/login/deny', '/login/match', '/login/user-code', '/sign-in']

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  let bystander: Client
  let token: string

  beforeEach(async () => {
    bystander = stage.browser()
    token = await startLogin(bystander)
  })

  afterEach(async () => {
    expect(stage.service().hasEnded()).toBe(false)
    expect((await unhurried(() => bystander.get(`/login/status/${token}`))).json?.status).toBe('pending')
  })

  test.each(BODIES)('T21 a body that is %s is 400 on every route, and changes nothing', async (_what, body) => {
    const phone = await phoneOf(stage)
    for (const path of PATHS) {
      const reply = await phone.post(path, undefined, { raw: body })
      // To `/login` a text that is no token counts as none: a new login is begun.
      const isBeginning = path === '/login' && isOneText(body)
      if (isBeginning && reply.status === 201) expect(loginIdOf(reply.json.token)).not.toBe(loginIdOf(token))
      else expectProblem(reply, 400, 'invalid_request')
    }
    const send = (raw: string | Buffer) => () => phone.post('/login/match', undefined, { raw })
    expect(await howManyTimesAsLong(send(body), send('{"token":1}'), 30, isBounded)).toBeLessThan(MOST_TIMES)
  })

  test('T21 no answer repeats what was sent', async () => {
    const phone = await phoneOf(stage)
    const marks = ['{"marker-zebra":1}', 'marker-zebra', '{"token":"marker-zebra"}', '{"user_code":{"marker-zebra":1}}']
    for (const path of PATHS) {
      for (const raw of marks) expect((await phone.post(path, undefined, { raw })).text).not.toContain('zebra')
    }
    for (const path of ['/marker-zebra', '/login/status/marker-zebra', '/login/scan/marker-zebra?wait=marker-zebra']) {
      expect((await phone.get(path)).text).not.toContain('zebra')
    }
  })

  test.each([4097, 100_000, 20_000_000])('T21 a body of %i bytes is 413, and not read to its end', async (size) => {
    const reply = await sendRaw(stage.service().port, (write) => {
      write(
        `POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n{"token":"`,
      )
    })
    expectRawProblem(reply, 413)
  })

  test('T21 a chunked body without end is 413 once it is too long, and its sender gets to read that', async () => {
    const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`
    const reply = await sendRaw(stage.service().port, (write) => {
      write('POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (let sent = 0; sent < 4096; sent++) write(chunk)
    })
    expectRawProblem(reply, 413)
  })

  test.each<[string, string]>([
    [
      '10,000 headers',
      `GET /healthz HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 10_000 }, (_, at) => `x-${at}: y\r\n`).join('')}\r\n`,
    ],
    [
      '10,000 cookies',
      `GET /session HTTP/1.1\r\nHost: x\r\nCookie: ${Array.from({ length: 10_000 }, (_, at) => `c${at}=1`).join('; ')}\r\n\r\n`,
    ],
    ['a header of 100,000 bytes', `GET /healthz HTTP/1.1\r\nHost: x\r\nx-long: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['a target of 100,000 bytes', `GET /${'y'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ])('T21 %s are refused', async (_what, request) => {
    expectRawProblem(await sendRaw(stage.service().port, request), 431, 414, 400)
  })

  test('T21 a thousand small cookies beside the right one, and the right one twice, are read or refused in bounded time', async () => {
    const own = `${keyCookieOf(token)}=${bystander.cookies.get(keyCookieOf(token))}`
    const cookie = `${Array.from({ length: 800 }, (_, at) => `c${at}=1`).join('; ')}; ${own}; ${own}`
    expect((await bystander.get(`/login/status/${token}`, { cookie })).json.status).toBe('pending')
    const { url } = stage.service()
    const ask = (sent: string) => () => createClient(url).get('/session', { cookie: sent })
    expect(await howManyTimesAsLong(ask(cookie), ask(own), 30, isBounded)).toBeLessThan(MOST_TIMES)
  })

  test('T21 T26 a login that is begun with fifteen thousand blanks in a cookie costs what one with as many letters does', async () => {
    const { url } = stage.service()
    const begin = (cookie: string) => async () => {
      expect((await createClient(url).post('/login', undefined, { cookie })).status).toBe(201)
    }
    const [blanks, letters] = [' ', 'x'].map((character) => begin(`a${character.repeat(15_000)}b`))
    if (!blanks || !letters) throw new Error('none')
    // A parser that reads from each blank to the end would take a hundred times as long.
    expect(await howManyTimesAsLong(blanks, letters, 30, (times) => times < 5)).toBeLessThan(10)
  })

  test('T21 __proto__ is refused wherever it stands, also where keys that nobody knows are left aside', async () => {
    const response = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' }
    const assertion = { id: 'AAAA', type: 'public-key', response, unknown: {} }
    const sent = JSON.stringify({ assertion })
    const refusalOf = async (raw: string) =>
      (await stage.browser().post('/sign-in/passkey', undefined, { raw })).json.code
    const known = await refusalOf(sent)
    expect(known).not.toBe('invalid_request')
    for (const name of ['__proto__', '__pr\\u006fto__']) {
      expect(await refusalOf(sent.replace('unknown', name))).toBe('invalid_request')
    }
    expect(await refusalOf(sent.replace('"unknown":{}', '"unknown":[{"x":{"__proto__":1}}]'))).toBe('invalid_request')
  })

  test.each<[string, string | Buffer, ...number[]]>([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['TLS', Buffer.from('16030100f8010000f40303', 'hex'), 400],
    ['a NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nx-nul: a\u0000b\r\n\r\n', 400],
    ['a NUL in the target', 'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an unknown method', 'FROB / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a version from the future', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400, 505],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n', 400],
    ['two Hosts, alike and of old', 'GET /healthz HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n', 400],
    [
      'two Hosts, that polls',
      `GET /login/status/${'u'.repeat(16)}.${'v'.repeat(22)}?seen=pending&wait=0 HTTP/1.1\r\nHost: x\r\nHOST: y\r\n\r\n`,
      400,
    ],
    ['two lengths', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'a length and chunks',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a negative length', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    ['a length that is no number', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1e9\r\n\r\n', 400],
    [
      'a broken chunk',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'an unknown transfer coding',
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: x\r\n\r\n',
      400,
      501,
    ],
    ['a folded header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nx-a: b\r\n c: d\r\nbad header\r\n\r\n', 400],
    ['a header without a name', 'GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
    ['a space before the colon', 'GET /healthz HTTP/1.1\r\nHost: x\r\nx-a : y\r\n\r\n', 400],
    [
      'an expectation that nobody knows',
      'POST /login HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 0\r\n\r\n',
      417,
      400,
    ],
    ['an escape that is none', 'GET /login/status/%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an escape of invalid UTF-8', 'GET /login/status/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    [
      'raw bytes in the target',
      Buffer.from('GET /login/status/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n', 'latin1'),
      400,
      404,
    ],
    ['an absolute target elsewhere', 'GET http://evil.example/nowhere HTTP/1.1\r\nHost: x\r\n\r\n', 400, 404, 421],
    ['the asterisk target', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 400, 404, 405],
    ['a target without a slash', 'GET healthz HTTP/1.1\r\nHost: x\r\n\r\n', 400, 404],
    ['compressed nonsense', post('/login', Buffer.from([0x1f, 0x8b, 8, 0]), 'Content-Encoding: gzip\r\n'), 400, 415],
    ['TRACE', 'TRACE /session HTTP/1.1\r\nHost: x\r\nCookie: scanin_session=x\r\n\r\n', 400, 403, 404, 405],
  ])('T21 a request with %s is refused as a problem', async (_what, request, ...statuses) => {
    expectRawProblem(await sendRaw(stage.service().port, request), ...statuses)
  })

  test.each([
    ['too long by one', `${TOKEN}x`],
    ['of 200 characters', 'x'.repeat(200)],
    ['of 4,000 characters', 'x'.repeat(4000)],
    ['with a NUL', `${'a'.repeat(16)}.${'b'.repeat(21)}%00`],
    ['with a line end', `${TOKEN}%0a`],
    ['with dots for slashes', '..%2f..%2fsession'],
    ['of Redis glob characters', `${'*'.repeat(16)}.${'?'.repeat(22)}`],
    ['of another alphabet', `${'%D0%B0'.repeat(16)}.${'b'.repeat(22)}`],
    ['__proto__', '__proto__'],
  ])('T21 a token in the path that is %s is 400 invalid_request, and nothing to cancel', async (_what, text) => {
    const phone = await phoneOf(stage)
    expectProblem(await phone.get(`/login/status/${text}`), 400, 'invalid_request')
    expectProblem(await phone.get(`/login/scan/${text}`), 400, 'invalid_request')
    expect((await phone.delete(`/login/${text}`)).status).toBe(204)
  })

  test.each([
    [400, 'wait=-1'],
    [400, 'wait=1e9'],
    [400, 'wait=x'],
    [400, 'wait=1.5'],
    [400, 'wait=1&wait=2'],
    [400, 'seen=a&seen=b'],
    [400, `seen=${'x'.repeat(500)}`],
    [400, 'wait=99999999999999999999'],
    [200, 'seen[a]=b&wait[]=1'],
    [400, 'wait=%00'],
  ])('T21 a poll is %i with ?%s', async (status, query) => {
    const reply = await unhurried(() => bystander.get(`/login/status/${token}?${query}`))
    if (status === 400) expectProblem(reply, 400, 'invalid_request')
    else expect([reply.status, reply.json.status]).toEqual([200, 'pending'])
  })

  test('T21 user names and passwords of every kind are wrong, not broken', async () => {
    const odd = [
      '\u0000',
      "' OR 1=1 --",
      '*',
      '\ud83d\ude00',
      '../../etc/passwd',
      '{"$gt":""}',
      '\u202e',
      '__proto__',
      'toString',
    ]
    for (const text of odd) {
      const reply = await stage.browser().post('/sign-in', { username: text, password: text })
      expectProblem(reply, 401, 'invalid_credentials')
    }
    for (const body of [
      { username: 'x'.repeat(300), password: 'x' },
      { username: '', password: '' },
      { username: ['demo'], password: {} },
    ]) {
      expectProblem(await stage.browser().post('/sign-in', body), 400, 'invalid_request')
    }
  })

  test("T21 a hundred connections that say nothing, and a hundred that stop in the middle, are in nobody's way", async () => {
    const { port } = stage.service()
    const half = `POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"to`
    const sockets = await Promise.all(Array.from({ length: 200 }, (_, at) => openSocket(port, at < 100 ? '' : half)))
    try {
      expect((await stage.browser().get('/healthz')).status).toBe(200)
      expect((await stage.browser().post('/login')).status).toBe(201)
      // They are still there, and still say nothing.
      expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([])
      for (let round = 0; round < 20; round++) expect((await stage.browser().get('/healthz')).status).toBe(200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('T21 requests piped after a refused one are not taken for anything else', async () => {
    const phone = await phoneOf(stage)
    const session = phone.cookies.get('scanin_session')
    const smuggled = `POST /login/scan HTTP/1.1\r\nHost: x\r\nCookie: scanin_session=${session}\r\nOrigin: ${stage.service().url}\r\nContent-Type: application/json\r\nContent-Length: ${`{"token":"${token}"}`.length}\r\n\r\n{"token":"${token}"}`
    // One server sees one request with a body, another would see two requests.
    for (const head of [
      'Content-Length: 0\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
      'Transfer-Encoding: xchunked',
    ]) {
      const reply = await sendRaw(
        stage.service().port,
        `POST /login HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`,
      )
      expect(reply.status).toBeGreaterThanOrEqual(400)
      expect(reply.status).toBeLessThan(502)
    }
  })
})

const phones = new Map<string, Promise<Client>>()

/** One phone a service: a password is expensive to check, and it is not what these are about. */
function phoneOf(stage: { service(): { url: string }; phone(): Promise<Client> }): Promise<Client> {
  const { url } = stage.service()
  const phone = phones.get(url) ?? stage.phone()
  phones.set(url, phone)
  return phone
}

describe('the token of the form', () => {
  test('T21 the tokens of these tests are of the form, so that nothing but their disguise is refused', () => {
    expect(TOKEN).toMatch(/^[\w-]{16}\.[\w-]{22}$/)
    expect(loginIdOf(TOKEN)).toHaveLength(16)
  })
})
