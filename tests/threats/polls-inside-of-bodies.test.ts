import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createTestApp, PUBLIC_URL, type TestApp } from '../support/app.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { PATIENCE_MS } from '../support/patience.ts'

/**
 * T21: polls are answered straight from a connection's bytes. Whoever shares a connection with others, as a proxy's
 * clients do, gets nothing answered that the proxy takes for a part of another request.
 */

let testApp: TestApp
let url: string
let browser: Client
let socket: Socket
let text: string
/** The requests that Node has read. */
let readByNode: string[]

beforeEach(async () => {
  testApp = await createTestApp({ POLL_HOLD_SECONDS: '20' })
  const { server } = testApp.app
  readByNode = []
  server.prependListener('request', (request) => readByNode.push(`${request.method} ${request.url}`))
  await testApp.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.address() as AddressInfo
  url = `http://127.0.0.1:${port}`
  browser = createClient(url, PUBLIC_URL)
  socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
  text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no reply in time, after ${text}`)))
  await once(socket, 'connect')
})

afterEach(async () => {
  socket.destroy()
  await testApp.app.close()
})

function poll(token: string, query = ''): string {
  const cookies = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return `GET /login/status/${token}${query} HTTP/1.1\r\nHost: scanin.test\r\nCookie: ${cookies}\r\n\r\n`
}

/** Sends a segment, and gives the next reply with a whole body. */
async function ask(segment: string): Promise<{ head: string; body: string }> {
  if (segment !== '') socket.write(segment)
  for (;;) {
    const [, head = '', length] = /^(HTTP.*?\r\ncontent-length: (\d+).*?)\r\n\r\n/is.exec(text) ?? []
    const end = head.length + 4 + Number(length)
    if (length !== undefined && text.length >= end) {
      const body = text.slice(head.length + 4, end)
      text = text.slice(end)
      return { head, body }
    }
    await once(socket, 'data')
  }
}

/** After this, polls of the connection are answered from bytes. */
async function pollOften(token: string, polls = 5): Promise<void> {
  for (let times = 0; times < polls; times++) {
    testApp.time.now += 5000
    const { head, body } = await ask(poll(token))
    expect([head.split('\r\n')[0], JSON.parse(body).status]).toEqual(['HTTP/1.1 200 OK', 'pending'])
  }
}

test('a browser that polls many times on one connection gets its session on it, once the phone approves', async () => {
  const phone = await createPhone(url, PUBLIC_URL)
  const token = await startLogin(browser)
  readByNode = []
  await pollOften(token)
  expect(readByNode).toHaveLength(2)

  await scan(phone, token)
  testApp.time.now += 5000
  expect(JSON.parse((await ask(poll(token, '?seen=pending&wait=20'))).body).status).toBe('scanned')
  testApp.time.now += 5000
  const held = ask(poll(token, '?seen=scanned&wait=20'))
  await approve(phone, token)
  const { head, body } = await held
  expect(JSON.parse(body)).toMatchObject({ status: 'authenticated', user: { id: 'demo' } })
  const [, session] = /\r\nset-cookie: ((?:__Host-)?scanin_session=[^;]+)/i.exec(head) ?? []
  expect(head).toMatch(/\r\nset-cookie: [^\r]*Max-Age=0/i)
  expect(readByNode.filter((line) => line.startsWith('GET /login/status/'))).toHaveLength(2)

  // The session is one, and the connection serves on.
  const { body: mine } = await ask(`GET /session HTTP/1.1\r\nHost: scanin.test\r\nCookie: ${session}\r\n\r\n`)
  expect(JSON.parse(mine)).toMatchObject({ user: { id: 'demo' } })
  expect(JSON.parse((await ask(poll(token))).body).status).toBe('expired')
})

const HEAD = `POST /login/scan HTTP/1.1\r\nHost: scanin.test\r\nContent-Type: application/json\r\nOrigin: ${PUBLIC_URL}\r\n`
const BODIES: [what: string, segmentsOf: (poll: string) => string[]][] = [
  ['all of it', (inside) => [`${HEAD}Content-Length: ${inside.length}\r\n\r\n`, inside]],
  ['each half of it', (inside) => [`${HEAD}Content-Length: ${2 * inside.length}\r\n\r\n`, inside, inside]],
  [
    'a chunk of it',
    (inside) => [`${HEAD}Transfer-Encoding: chunked\r\n\r\n${inside.length.toString(16)}\r\n`, inside, '\r\n0\r\n\r\n'],
  ],
]

test.each(BODIES.flatMap(([what, segmentsOf]) => [0, 1, 5].map((polls) => ({ what, polls, segmentsOf }))))(
  'T21 a poll in a POST’s body is not answered, and takes nobody’s session: $what, after $polls polls',
  async ({ polls, segmentsOf }) => {
    const phone = await createPhone(url, PUBLIC_URL)
    const token = await startLogin(browser)
    await pollOften(token, polls)
    await approve(phone, token)
    testApp.time.now += 5000
    readByNode = []
    for (const segment of segmentsOf(poll(token))) {
      socket.write(segment)
      // Each is a segment of its own once the one before was taken.
      await new Promise(setImmediate)
    }
    const { head, body } = await ask('')
    expect([head.slice(9, 12), JSON.parse(body).code]).toEqual(['400', 'invalid_request'])
    // The service ends the connection on which it was told what it could not read.
    if (!socket.destroyed) await once(socket, 'close')
    expect([text, readByNode]).toEqual(['', ['POST /login/scan']])
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  },
)
