import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Connections, createConnections } from '../../server/http/connections.ts'
import { hasBody } from '../../server/http/error-replies.ts'
import { type HttpServerOptions, httpServer } from '../../server/http/http-server.ts'
import { createReplyTally } from '../../server/http/reply-tally.ts'
import type { BareRequest } from '../../server/http/shortcut/bare-request.ts'
import type { ReplyTo, Shortcut, ShortReply } from '../../server/http/shortcut/shortcut.ts'
import { endLater } from './end-later.ts'
import { PATIENCE_MS } from './patience.ts'

/** A poll whose reply waits for the test. */
export interface HeldPoll {
  request: BareRequest
  replyTo: ReplyTo
}

export interface PolledServer {
  port: number
  server: Server
  connections: Connections
  /** What Node has read, as `GET /path`, in that order: what is answered from bytes is not among it. */
  readByNode: string[]
  /** The paths that the shortcut has answered or holds, whoever has read them. */
  taken: string[]
  /** Polls of `/held…`, in the order in which they came. */
  held: HeldPoll[]
  /** Opens a connection. */
  open(): Promise<Wire>
  close(): Promise<void>
}

export interface Wire {
  /** The client's end. */
  socket: Socket
  /** The server's end. */
  peer: Socket
  /** Sends bytes in a segment of their own: resolves once the server has it, or will take no more. */
  send(bytes: string | Buffer): Promise<void>
  /** Sends bytes, and gives the replies that come for them. */
  ask(bytes: string | Buffer, replies?: number): Promise<string[]>
  /** The replies that have come since they were last asked for; waits until there are so many. */
  replies(count: number): Promise<string[]>
  /** All that came, once the connection has ended. */
  toItsEnd(): Promise<string>
}

export const GET = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
export const POST = (path: string, body: string, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
export const CHUNKED = (path: string, chunks: readonly string[]) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n` +
  [...chunks, ''].map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join('')
/** The last request of a connection. */
export const LAST = GET('/last', 'Connection: close\r\n')

/** The bytes of replies without the time of day. */
export const undated = (bytes: string) =>
  bytes.replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/gm, 'Date\r\n')

/** What replies say besides, by how their path begins. */
const MORE = { '/poll/words': 'größer — 日本', '/poll/large': 'x'.repeat(32 * 1024) }
const SET_COOKIES = ['set-cookie', 'a=1; HttpOnly', 'set-cookie', 'b=2; Path=/']

/** What polls are answered, the same whether by the shortcut or beyond it. */
function pollReply(target: string): ShortReply {
  const said = Object.entries(MORE).find(([beginning]) => target.startsWith(beginning))?.[1]
  const text = JSON.stringify({ poll: target, said })
  const cookies = target.startsWith('/poll/cookies') ? SET_COOKIES : []
  const fields = ['cache-control', 'no-store', 'content-type', 'application/json; charset=utf-8']
  return { status: 200, fields: [...fields, 'content-length', String(Buffer.byteLength(text)), ...cookies], text }
}

interface PolledServerOptions {
  /** Without it all is read by Node, and answered beyond the shortcut. */
  hasShortcut?: boolean
  /** Instead of the one that answers `/poll…` soon and `/held…` when the test says so. */
  shortcut?: Shortcut
}

/** The service's HTTP server on a port of its own, with a shortcut for polls and an echo beyond it. */
export async function startPolledServer({
  hasShortcut = true,
  shortcut,
}: PolledServerOptions = {}): Promise<PolledServer> {
  const connections = createConnections(1000)
  const readByNode: string[] = []
  const taken: string[] = []
  const held: HeldPoll[] = []
  const peers = new Map<number | undefined, Socket>()
  const clients = new Set<Socket>()

  const answerPolls: Shortcut = (request, replyTo) => {
    if (!/^\/(poll|held)/.test(request.target)) return false
    taken.push(request.target)
    if (request.target.startsWith('/held')) held.push({ request, replyTo })
    // Later, as what asks a store does.
    else void Promise.resolve().then(() => replyTo.send(pollReply(request.target)))
    return true
  }
  const options = {
    shortcut: hasShortcut ? (shortcut ?? answerPolls) : () => false,
    connections,
    requestIds: { of: () => 'id', make: () => 'id' },
    log: { tally: createReplyTally(), reply: () => undefined },
    headers: { anyHost: {} },
  } satisfies HttpServerOptions
  const server = httpServer(options)(answerOthers)
  server.prependListener('request', ({ method, url }) => readByNode.push(`${method} ${url}`))
  server.on('connection', (socket) => peers.set(socket.remotePort, socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  function end(): void {
    for (const client of clients) client.destroy()
    server.closeAllConnections()
    server.close()
  }
  const hasEnded = endLater(end)

  return {
    port,
    server,
    connections,
    readByNode,
    taken,
    held,
    async open() {
      const socket = connect(port, '127.0.0.1')
      clients.add(socket)
      // What each segment holds is what a test is about.
      socket.setNoDelay(true)
      await once(socket, 'connect')
      const peer = await until('the server has the connection', () => peers.get(socket.localPort))
      return wireOf(socket, peer)
    },
    async close() {
      end()
      if (server.listening) await once(server, 'close')
      hasEnded()
    },
  }
}

/** Echoes; `/none` is not found, and `/early` is answered before its body has come. */
function answerOthers(request: IncomingMessage, response: ServerResponse): void {
  const { method, url = '' } = request
  if (/^\/(poll|held)/.test(url) && method === 'GET') {
    const { status, fields, text } = pollReply(url)
    // As late as the shortcut does: what is broken may be refused before.
    void Promise.resolve().then(() => response.writeHead(status, fields).end(text))
    return
  }
  const reply = (body: string) => {
    const text = `${method} ${url} ${body}`
    const fields = { 'content-length': Buffer.byteLength(text), ...(method === 'HEAD' ? { 'x-no-body': '1' } : {}) }
    response.writeHead(url === '/none' ? 404 : 200, fields).end(text)
  }
  if (url === '/early') {
    reply('early')
    return
  }
  // From Node 24.12 on nobody is told of the end of a body that there is none of.
  if (!hasBody(request)) {
    reply('')
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => reply(Buffer.concat(chunks).toString('latin1')))
}

function wireOf(socket: Socket, peer: Socket): Wire {
  let received = ''
  let [seen, sent] = [0, 0]
  socket.setEncoding('latin1')
  socket.on('data', (data) => {
    received += data
  })
  // The server may end the connection at any time.
  socket.on('error', () => undefined)

  async function send(bytes: string | Buffer): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    if (!socket.writable || peer.destroyed) return
    socket.write(data)
    sent += data.length
    await until('the server has the segment', () => peer.destroyed || peer.isPaused() || peer.bytesRead >= sent)
  }

  async function replies(count: number): Promise<string[]> {
    const found: string[] = []
    await until(`reply ${count}, after ${JSON.stringify(received.slice(seen))}`, () => {
      for (
        let reply = firstReply(received.slice(seen));
        reply !== undefined;
        reply = firstReply(received.slice(seen))
      ) {
        seen += reply.length
        found.push(reply)
      }
      return found.length >= count
    })
    return found
  }

  return {
    socket,
    peer,
    send,
    replies,
    async ask(bytes, count = 1) {
      await send(bytes)
      return replies(count)
    },
    async toItsEnd() {
      await until('the connection ends', () => socket.destroyed)
      return received
    },
  }
}

/** The bytes of the reply that a text begins with, if it is whole. */
function firstReply(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end + 4)
  const length = /\r\nx-no-body/.test(head) ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  return text.length < head.length + length ? undefined : text.slice(0, head.length + length)
}

/** Looks once a turn of the loop: all that is waited for happens in this process, and soon. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const seen = look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > end) throw new Error(`not in time: ${what}`)
    await nextTurn()
  }
}

/** A reply that the test gives to a poll that it has held. */
export const LATE: ShortReply = { status: 200, fields: ['content-length', '4'], text: 'late' }

/** Polls on a connection that is warm, from bytes. Resolves once the shortcut holds the poll. */
export async function holdPoll(polled: PolledServer, wire: Wire, path = '/held'): Promise<HeldPoll> {
  const { length } = polled.held
  await wire.send(GET(path))
  return until('the poll is held', () => polled.held[length])
}

/** Polls until the next poll is answered from bytes. */
export async function warmUp(wire: Wire): Promise<void> {
  for (const path of ['/poll/1', '/poll/2']) await wire.ask(GET(path))
}
