import { once } from 'node:events'
import { createServer, type IncomingMessage, maxHeaderSize, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bareRequestOf, headLengthOf, readBareRequest } from '../../../../server/http/shortcut/bare-request.ts'
import { createRandom, type Random } from '../../../faults/random.ts'

const read = (text: string) => readBareRequest(Buffer.from(text, 'latin1'))
const head = (...fields: string[]) => `GET /a?b=c HTTP/1.1\r\n${['Host: x', ...fields].join('\r\n')}\r\n\r\n`
const BARE = { target: '/a?b=c', cookie: undefined, origin: undefined, traceparent: undefined }

describe('a bare request is read', () => {
  test.each<[what: string, text: string, values?: object]>([
    ['with a host alone', head()],
    ['whatever the case of its names', 'GET /a?b=c HTTP/1.1\r\nhOsT: x\r\nCOOKIE: a=b\r\n\r\n', { cookie: 'a=b' }],
    ['with fields that nobody here knows', head('Accept: */*', 'X-Y: z', "!#$%&'*+-.^_`|~9a: b")],
    ['with a name as long as a known one', head('Abcd: e', 'Abcdef: g', 'X-Traceabc: h')],
    ['with a known name in a value', head('X: cookie: a=b', 'Y: Content-Length: 5')],
    ['with a name that a known one begins', head('Cookies: a=b', 'Origin-X: y', 'X-Cookie: z')],
    ['with what browsers send', head('Connection: keep-alive', 'Accept-Language: de, en;q=0.9', 'DNT: 1')],
    ['with a `keep-alive` in capitals', head('Connection: Keep-Alive')],
    ['with blanks inside a value', head('Cookie: a=b;  c=d;\te=f'), { cookie: 'a=b;  c=d;\te=f' }],
    ['with bytes beyond ASCII', head('Cookie: a=\xe4\x80\xff'), { cookie: 'a=\xe4\x80\xff' }],
    ['with an origin', head('Origin: https://a.test:8'), { origin: 'https://a.test:8' }],
    ['with a trace', head('traceparent: 00-1-2-01'), { traceparent: '00-1-2-01' }],
    ['with a trace as long as may be', head(`traceparent: ${'1'.repeat(512)}`), { traceparent: '1'.repeat(512) }],
  ])('%s', (_what, text, values = {}) => {
    expect(read(text)).toEqual({ ...BARE, ...values })
  })

  test('with the target as it came: whoever answers it judges it', () => {
    for (const target of ['/', '//', '/%2e%2e/?#', '/\'"<>\\']) {
      expect(read(head().replace('/a?b=c', target))?.target).toBe(target)
    }
  })

  test('up to the length of a head that Node takes', () => {
    const rest = head('X: ').length
    expect(read(head(`X: ${'y'.repeat(maxHeaderSize - rest)}`))).toEqual(BARE)
    expect(read(head(`X: ${'y'.repeat(maxHeaderSize - rest + 1)}`))).toBeUndefined()
  })
})

describe('left to Node is', () => {
  const GET = head()
  test.each<[what: string, text: string]>([
    ['no target on this server', GET.replace('/a?b=c', '*')],
    ['a target that names a server', GET.replace('/a?b=c', 'http://other.test/a')],
    ['another method', GET.replace('GET', 'HEAD')],
    ['a method that begins alike', GET.replace('GET', 'GETS')],
    ['a method in small letters', GET.replace('GET', 'get')],
    ['another version', GET.replace('1.1', '1.0')],
    ['a later version', GET.replace('1.1', '1.2')],
    ['a version in small letters', GET.replace('HTTP', 'http')],
    ['no version', GET.replace(' HTTP/1.1', '')],
    ['a blank more after the version', GET.replace('1.1', '1.1 ')],
    ['a blank more after the target', GET.replace(' HTTP', '  HTTP')],
    ['a tab for a blank', GET.replace(' HTTP', '\tHTTP')],
    ['a blank in the target', GET.replace('b=c', 'b c')],
    ['a blank line before', `\r\n${GET}`],
    ['a blank before', ` ${GET}`],
    ['a byte before', `\0${GET}`],
    ['no host', 'GET /a HTTP/1.1\r\nAccept: */*\r\n\r\n'],
    ['no field', 'GET /a HTTP/1.1\r\n\r\n'],
    ['an empty host', 'GET /a HTTP/1.1\r\nHost: \r\n\r\n'],
    ['two hosts', head('Host: y')],
    ['two hosts that are the same', head('host: x')],
    ['two cookies', head('Cookie: a=b', 'Cookie: c=d')],
    ['two origins', head('Origin: http://a', 'ORIGIN: http://b')],
    ['two traces', head('Traceparent: a', 'Traceparent: b')],
    ['two connections', head('Connection: keep-alive', 'Connection: keep-alive')],
    ['a length', head('Content-Length: 5')],
    ['a length of nothing', head('content-length: 0')],
    ['chunks', head('Transfer-Encoding: chunked')],
    ['chunks in other letters', head('TRANSFER-ENCODING: identity')],
    ['an expectation', head('Expect: 100-continue')],
    ['an upgrade', head('Upgrade: websocket')],
    ['a trailer', head('Trailer: x')],
    ['transfer codings that are understood', head('TE: trailers')],
    ['an end of the connection', head('Connection: close')],
    ['an end of the connection among others', head('Connection: keep-alive, close')],
    ['a connection that names fields', head('Connection: Cookie')],
    ['a blank before the colon', head('X : y')],
    ['a tab before the colon', head('X\t: y')],
    ['no blank after the colon', head('X:y')],
    ['two blanks after the colon', head('X:  y')],
    ['a tab after the colon', head('X:\ty')],
    ['a blank at the end of a value', head('X: y ')],
    ['a tab at the end of a value', head('X: y\t')],
    ['a value that is blank', head('X:  ')],
    ['no value', head('X: ')],
    ['no value nor blank', head('X:')],
    ['no colon', head('X')],
    ['no name', head(': y')],
    ['a blank in a name', head('X Y: z')],
    ['a name that is no token', head('X(: y')],
    ['a name beyond ASCII', head('X\xe4: y')],
    ['a folded line', head('X: y', ' z')],
    ['a line folded by a tab', head('X: y', '\tz')],
    ['a folded first line', GET.replace('Host', ' Host')],
    ['a bare line feed between fields', head('X: y\nContent-Length: 5')],
    ['a bare line feed after the version', GET.replace('1.1\r\n', '1.1\n')],
    ['bare line feeds alone', GET.replaceAll('\r\n', '\n')],
    ['a bare line feed at the end', GET.replace(/\r\n$/, '\n')],
    ['a bare carriage return in a value', head('X: y\rz')],
    ['a bare carriage return between fields', head('X: y\rContent-Length: 5')],
    ['two carriage returns', head('X: y\r')],
    ['a NUL in a value', head('X: a\0b')],
    ['a NUL in a name', head('X\0: y')],
    ['a DEL in a value', head('X: a\x7fb')],
    ['an escape in a value', head('Cookie: a\x1bb')],
    ['a trace that is longer than any', head(`traceparent: ${'1'.repeat(513)}`)],
    ['more than a request', `${GET}G`],
    ['a line end after a request', `${GET}\r\n`],
    ['two requests', GET + GET],
    ['a request with a body that nothing tells of', `${GET}body`],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s', (_what, text) => {
    expect(read(text)).toBeUndefined()
  })

  test('less than a request', () => {
    const whole = head('Cookie: a=b')
    for (let length = 4; length < whole.length; length++) expect(read(whole.slice(0, length))).toBeUndefined()
  })
})

describe('the length of a head', () => {
  test.each<[what: string, text: string, length: number | undefined]>([
    ['goes to its blank line', head(), head().length],
    [
      'goes no further than that, if a body follows',
      `${head('Content-Length: 4')}body`,
      head('Content-Length: 4').length,
    ],
    ['is that of the first of two', `${head()}${head('X: y')}`, head().length],
    ['is that of whatever begins with a letter, as the rest of a head does', 'B: c\r\n\r\nd', 8],
    ['is not known before all of it is there', head().slice(0, -1), undefined],
    ['is not known of nothing', '', undefined],
    ['is not known where a blank line comes first', '\r\n\r\nGET', undefined],
    ['is not known where half a blank line comes first: a head may end there', `\n${head()}`, undefined],
    ['is not known where a line feed comes first', '\nX: y\r\n\r\n', undefined],
    ['is not known where the rest of a line end comes first', `\r\n${head()}`, undefined],
    ['is not known where a value goes on', `: c\r\n\r\n`, undefined],
    ['is not known where a small letter comes first, as no method has', head().toLowerCase(), undefined],
    ['is not known where a line feed stands alone: some see the head end there', head('X: y\n'), undefined],
    ['is not known where two stand alone', 'POST / HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\r\n\r\n', undefined],
    ['is known where one stands alone behind it', `${head()}a\n\nb`, head().length],
  ])('%s', (_what, text, length) => {
    expect(headLengthOf(Buffer.from(text, 'latin1'))).toBe(length)
  })

  test('is counted in bytes', () => {
    const bytes = Buffer.from('GET / HTTP/1.1\r\nX: ä\r\n\r\nä')
    expect(headLengthOf(bytes)).toBe(bytes.length - 2)
  })
})

describe('whatever is read, Node reads the same', () => {
  let server: Server
  let port: number
  let seen: IncomingMessage[] = []

  beforeAll(async () => {
    server = createServer({ requireHostHeader: false }, (request, response) => {
      seen.push(request)
      response.end()
    })
    server.maxHeadersCount = 0
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  /** What Node makes of bytes that are all that a client sends. */
  async function nodeReads(bytes: Buffer): Promise<{ requests: IncomingMessage[]; stays: boolean }> {
    seen = []
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.end(bytes)
    await once(socket, 'close')
    return { requests: seen, stays: /\r\nConnection: keep-alive\r\n/i.test(text) }
  }

  test('of heads put together by chance, by a seed', async () => {
    const random = createRandom(2026)
    let taken = 0
    for (let round = 0; round < 3000; round++) {
      const text = randomHead(random)
      const bytes = Buffer.from(text, 'latin1')
      const bare = readBareRequest(bytes)
      if (bare === undefined) continue
      taken++
      const { requests, stays } = await nodeReads(bytes)
      const [request] = requests
      if (request === undefined) throw new Error(`Node reads none: ${JSON.stringify(text)}`)
      const { url, headers } = request
      const { cookie, origin, traceparent } = headers
      expect([text, { target: url, cookie, origin, traceparent }]).toEqual([text, bare])
      expect([text, bareRequestOf(request)]).toEqual([text, bare])
      expect([text, requests.length, request.complete, stays]).toEqual([text, 1, true, true])
    }
    // Of the heads enough are bare, and enough are not.
    expect(taken).toBeGreaterThan(300)
    expect(taken).toBeLessThan(2700)
  })

  const NAMES = [
    'Cookie',
    'cookie',
    'Origin',
    'Traceparent',
    'Accept',
    'X-Y',
    'Connection',
    'TE',
    'Keep-Alive',
    'Hosts',
  ] as const
  const RARE = ['Content-Length', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Host', 'Trailer'] as const
  const VALUES = [
    'a=b; c=d',
    'keep-alive',
    'x',
    'a:b',
    '\xe4\xff',
    'a\tb',
    '"',
    '0',
    'http://a.test',
    '00-1-2-3',
  ] as const
  const ODD = [
    ' ',
    '\t',
    '\r',
    '\n',
    '\0',
    '\x7f',
    ':',
    '\r\n',
    '\r\n\r\n',
    '\r\n ',
    '\x80',
    'a',
    'GET / HTTP/1.1\r\n',
  ] as const
  const TARGETS = [
    '/',
    '/a?b=c',
    '/login/status/x?seen=pending&wait=25',
    '*',
    'http://h.test/x',
    '/%00#',
    '/;=~',
  ] as const

  function randomHead(random: Random): string {
    const lines = [`GET ${random.pick(TARGETS)} HTTP/1.1`, 'Host: x']
    for (let fields = random.integer(5); fields > 0; fields--) {
      const name = random.chance(0.95) ? random.pick(NAMES) : random.pick(RARE)
      lines.push(`${name}: ${random.pick(VALUES)}`)
    }
    let text = `${lines.join('\r\n')}\r\n\r\n`
    // Beyond the request line: what stands in its target is judged by whoever answers.
    const first = (lines[0] ?? '').length
    for (let odd = random.integer(3); odd > 0; odd--) {
      const at = first + random.integer(text.length - first)
      text = text.slice(0, at) + random.pick(ODD) + text.slice(at + (random.chance(0.5) ? 1 : 0))
    }
    return text
  }
})
