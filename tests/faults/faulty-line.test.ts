import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { freePort } from '../support/free-port.ts'

/** The line that the tests of faults hold the service to: what it says it does to a connection, it does. */

let echo: Server
let line: FaultyLine
const served = new Set<Socket>()

beforeAll(async () => {
  echo = createServer((socket) => {
    served.add(socket.on('close', () => served.delete(socket)).on('error', () => undefined))
    socket.pipe(socket)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => echo.listen(port, '127.0.0.1', resolve))
  line = await createFaultyLine(port)
})

afterAll(async () => {
  await line.close()
  await new Promise((resolve) => echo.close(resolve))
})

/** Someone on the line: what they heard, and how it ended. */
function caller() {
  const socket = connect(line.port, '127.0.0.1')
  const heard = { text: '', end: '' }
  socket.on('data', (chunk) => {
    heard.text += chunk
  })
  socket.on('end', () => {
    heard.end ||= 'FIN'
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    heard.end = error.code ?? ''
  })
  return { socket, heard, hears: (text: string) => eventually(`hears ${text}`, () => heard.text === text) }
}

test('words go through, later when it is slow, and in their order', async () => {
  const { socket, hears } = caller()
  line.delay(50)
  socket.write('one ')
  await line.passed('client')
  line.delay(0)
  socket.write('two')
  await hears('one two')
  socket.end()
})

test('a hanging line keeps words back in the direction that hangs, and gives them on once it is mended', async () => {
  const [talker, other] = [caller(), caller()]
  talker.socket.write('TALK ')
  other.socket.write('else ')
  await Promise.all([talker.hears('TALK '), other.hears('else ')])
  line.hang({ from: 'server', said: /TALK/ })
  talker.socket.write('kept')
  other.socket.write('goes')
  await Promise.all([line.passed('client', { said: /TALK/ }), line.spoke('server', { said: /TALK/ })])
  await other.hears('else goes')
  expect(talker.heard.text).toBe('TALK ')
  await line.mend()
  await talker.hears('TALK kept')
  talker.socket.end()
  other.socket.end()
  await eventually('the server is told that they left', () => served.size === 0)
})

test('a connection that is cut or dropped ends as it is told, and only a cut keeps new ones away', async () => {
  const dropped = caller()
  dropped.socket.write('x')
  await dropped.hears('x')
  line.drop({ by: 'RST' })
  await eventually('the reset is heard', () => dropped.heard.end === 'ECONNRESET')
  const cut = caller()
  cut.socket.write('y')
  await cut.hears('y')
  line.cut()
  await eventually('the end is heard', () => cut.heard.end !== '')
  const late = caller()
  await eventually('a new one ends too', () => late.heard.end !== '')
  await line.mend()
})

test('of a half-open connection the server is gone, and the client is not told', async () => {
  const { socket, heard, hears } = caller()
  socket.write('before')
  await hears('before')
  line.halfOpen()
  await eventually('the server is gone', () => served.size === 0)
  socket.write('after')
  await line.spoke('client')
  const other = caller()
  other.socket.write('new')
  await other.hears('new')
  expect(heard).toEqual({ text: 'before', end: '' })
  socket.destroy()
  other.socket.end()
})

test('new connections vanish in a black hole, or are refused, while old ones go on', async () => {
  const old = caller()
  old.socket.write('old ')
  await old.hears('old ')
  line.blackHole()
  const swallowed = caller()
  swallowed.socket.write('nobody')
  await line.spoke('client')
  old.socket.write('goes ')
  await old.hears('old goes ')
  expect(swallowed.heard).toEqual({ text: '', end: '' })
  await line.refuse()
  const refused = caller()
  await eventually('it is refused', () => refused.heard.end === 'ECONNREFUSED')
  old.socket.write('on')
  await old.hears('old goes on')
  await line.mend()
  await swallowed.hears('nobody')
  old.socket.end()
  swallowed.socket.end()
})
