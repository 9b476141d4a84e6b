import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readBareRequest } from '../../../server/http/bare-request.ts'
import { shortReply } from '../../../server/http/shortcut.ts'
import { GET, LAST, POST, type PolledServer, startPolledServer, until, warmUp } from '../../support/polled-server.ts'

/** What polls from bytes once got wrong. */

let polled: PolledServer

beforeEach(async () => {
  polled = await startPolledServer()
})

afterEach(() => polled.close())

const REPLY = shortReply(200, ['content-length', '4'], 'late')

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
      send(REPLY)
      return true
    },
  })
  const wire = await polled.open()
  for (let polls = 0; polls < 4; polls++) await wire.ask(GET('/poll'))
  await wire.send(LAST)
  expect((await wire.toItsEnd()).match(/HTTP\/1\.1 200 /g)).toHaveLength(5)
})

test('what was sent behind a held poll is not read once its connection has closed: its parser is another’s by then', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  await wire.send(GET('/held'))
  const { replyTo } = await until('the poll is held', () => polled.held[0])
  await wire.send(POST('/stolen', 'body'))
  wire.socket.destroy()
  await until('the connection is closed', () => wire.peer.closed)
  const victim = await polled.open()
  replyTo.send(REPLY)
  // A turn of the loop, and another for who was asked in it.
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
  const [reply] = await victim.ask(GET('/mine'))
  expect(reply).toContain('GET /mine ')
  expect(polled.readByNode).not.toContain('POST /stolen')
})

test('nor is a poll behind it, which would wait for a client that nobody hears of again', async () => {
  const wire = await polled.open()
  await warmUp(wire)
  await wire.send(GET('/held/1'))
  const { replyTo } = await until('the poll is held', () => polled.held[0])
  await wire.send(GET('/held/2'))
  wire.socket.destroy()
  await until('the connection is closed', () => wire.peer.closed)
  replyTo.send(REPLY)
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
