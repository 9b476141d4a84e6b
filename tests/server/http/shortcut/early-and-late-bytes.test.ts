import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readBareRequest } from '../../../../server/http/shortcut/bare-request.ts'
import {
  CHUNKED,
  GET,
  holdPoll,
  LAST,
  LATE,
  POST,
  type PolledServer,
  startPolledServer,
  until,
  warmUp,
} from '../../../support/polled-server.ts'

/** What comes while a reply is awaited, after the last one, or in ways that no browser sends it. */

let polled: PolledServer

beforeEach(async () => {
  polled = await startPolledServer()
})

afterEach(() => polled.close())

test.each([1, 2, 3])(
  'a segment of fewer bytes than a method has begins a request as any other does: %d',
  async (bytes) => {
    expect(readBareRequest(Buffer.from('GET'.slice(0, bytes)))).toBeUndefined()
    const wire = await polled.open()
    await warmUp(wire)
    const sent = GET('/other')
    await wire.send(sent.slice(0, bytes))
    expect((await wire.ask(sent.slice(bytes)))[0]).toContain('GET /other ')
  },
)

test('a shortcut that answers at once answers once', async () => {
  await polled.close()
  polled = await startPolledServer({
    shortcut: (_request, { send }) => {
      send(LATE)
      return true
    },
  })
  const wire = await polled.open()
  for (let polls = 0; polls < 4; polls++) await wire.ask(GET('/poll'))
  await wire.send(LAST)
  expect((await wire.toItsEnd()).match(/HTTP\/1\.1 200 /g)).toHaveLength(5)
})

test('a shortcut that answers twice answers once', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire)
  await wire.send(GET('/other'))
  replyTo.send(LATE)
  replyTo.send(LATE)
  const [late, other] = await wire.replies(2)
  expect([late?.endsWith('late'), other]).toEqual([true, expect.stringContaining('GET /other ')])
})

test('what is sent behind a held poll is taken off the network up to a bound, and answered after it', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire)
  const body = 'x'.repeat(64 * 1024)
  await wire.send(POST('/first', body))
  const ahead = Array.from({ length: 64 }, (_, at) => POST(`/large/${at}`, body))
  for (const request of ahead) wire.socket.write(request, 'latin1')
  expect(wire.peer.isPaused()).toBe(true)
  expect(polled.readByNode).not.toContain('POST /first')
  replyTo.send(LATE)
  const [late, first, ...others] = await wire.replies(2 + ahead.length)
  expect(late?.endsWith('late')).toBe(true)
  expect(first).toContain('POST /first ')
  expect(others.map((reply) => /POST (\S+) /.exec(reply)?.[1])).toEqual(ahead.map((_, at) => `/large/${at}`))
})

test('many replies of Node’s behind a held poll, after which it stops to read, end nothing but their connection', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire)
  await wire.send(GET('/', 'Expect: something\r\n').repeat(1300))
  wire.socket.write(GET('/other'))
  replyTo.send(LATE)
  expect((await wire.replies(1))[0]?.endsWith('late')).toBe(true)
  expect((await (await polled.open()).ask(GET('/mine')))[0]).toContain('GET /mine ')
})

test('what comes behind a CONNECT, by which Node lets go of a connection, is given to nobody', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire)
  for (const request of [POST('/other', ''), 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', GET('/lost')]) {
    wire.socket.write(request)
  }
  replyTo.send(LATE)
  await until('the connection is closed', () => wire.peer.closed)
  expect(polled.readByNode).not.toContain('GET /lost')
  expect((await (await polled.open()).ask(GET('/mine')))[0]).toContain('GET /mine ')
})

test('a poll that comes after the last reply of its connection is not answered', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const before = polled.taken.length
  // The connection is ended from this end, and the client goes on.
  wire.peer.end()
  wire.socket.write(GET('/poll/after'))
  await until('it has come', () => polled.readByNode.includes('GET /poll/after'))
  expect(polled.taken).toHaveLength(before)
})

test('after a request that came in halves, or was chunked, polls are answered from bytes again', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const [begin, rest] = [GET('/other').slice(0, 20), GET('/other').slice(20)]
  await wire.send(begin)
  await wire.ask(rest)
  await wire.ask(CHUNKED('/chunked', ['body']))
  await wire.ask(GET('/poll/1'))
  const read = polled.readByNode.length
  for (const path of ['/poll/2', '/poll/3']) await wire.ask(GET(path))
  expect(polled.readByNode).toHaveLength(read)
})

test('what was sent behind a held poll is not read once its connection has closed: its parser is another’s by then', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire)
  await wire.send(POST('/stolen', 'body'))
  wire.socket.destroy()
  await until('the connection is closed', () => wire.peer.closed)
  const victim = await polled.open()
  replyTo.send(LATE)
  // A turn of the loop, and another for who was asked in it.
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
  const [reply] = await victim.ask(GET('/mine'))
  expect(reply).toContain('GET /mine ')
  expect(polled.readByNode).not.toContain('POST /stolen')
})

test('nor is a poll behind it, which would wait for a client that nobody hears of again', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  const { replyTo } = await holdPoll(polled, wire, '/held/1')
  await wire.send(GET('/held/2'))
  wire.socket.destroy()
  await until('the connection is closed', () => wire.peer.closed)
  replyTo.send(LATE)
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
  expect(polled.held).toHaveLength(1)
})

test.each(['/a\r\nb', '/a\nb', '/a\0b', '/a\tb', '', 'a', '/a\x7fb', '/a\r'])(
  'a target that Node refuses is left to it: %j',
  (target) => {
    expect(readBareRequest(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, 'latin1'))).toBeUndefined()
  },
)

test.each(['close', 'upgrade'])('`Proxy-Connection`, which Node reads as `Connection`, is left to it: %s', (value) => {
  expect(readBareRequest(Buffer.from(GET('/a', `Proxy-Connection: ${value}\r\n`)))).toBeUndefined()
})
