import { connect, type Socket } from 'node:net'
import { PATIENCE_MS } from './patience.ts'

export interface RawReply {
  /** 0: the connection ended without a reply. */
  status: number
  headers: Map<string, string>
  body: string
}

/**
 * Sends bytes that no HTTP client would send, and gives the first reply that is not interim. Fails if nothing comes
 * while the connection stays open: silence is no answer.
 * @param send the bytes, or a function that writes as it likes
 */
export function sendRaw(
  port: number,
  send: string | Buffer | ((write: (data: string | Buffer) => void) => void | Promise<void>),
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const timer = setTimeout(() => {
      reject(new Error(`neither a whole reply nor an end, but ${JSON.stringify(received.toString())}`))
      socket.destroy()
    }, PATIENCE_MS)

    function end(): void {
      clearTimeout(timer)
      socket.destroy()
      resolve(parsedReply(received))
    }

    socket.on('connect', () => {
      if (typeof send === 'function') void send((data) => void (socket.writable && socket.write(data)))
      else socket.write(send)
    })
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (isWhole(received)) end()
    })
    // A reply that was not read yet still counts, even when our own writing failed.
    socket.on('error', () => undefined)
    socket.on('close', end)
  })
}

/** A connection on which this has been sent, and nothing more will be by itself. Whoever opens it destroys it. */
export function openSocket(port: number, beginning: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(beginning, () => resolve(socket)))
    socket.once('error', reject)
  })
}

/**
 * Sends requests over one connection without waiting for replies in between, which costs a client next to nothing.
 * @param requests each whole; the last has to ask for the connection to be closed
 * @returns the replies as they came, one after another
 */
export function sendPiped(port: number, requests: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(requests.join('')))
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no reply in time')))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}

/** A POST with a JSON body, as the bytes that a browser at `origin` would send. */
export function jsonPost(origin: string, path: string, body: string, { isLast = false } = {}): string {
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${new URL(origin).host}`,
    `Origin: ${origin}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Connection: ${isLast ? 'close' : 'keep-alive'}`,
    '',
    body,
  ].join('\r\n')
}

/** As `100 Continue` (RFC 9110 §15.2). */
const INTERIM = /^(HTTP\/1\.1 1\d\d [^\r]*\r\n(.+\r\n)*\r\n)+/

function parsedReply(bytes: Buffer): RawReply {
  const [head = '', body = ''] = splitAtBlankLine(bytes.toString().replace(INTERIM, ''))
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body }
}

function isWhole(bytes: Buffer): boolean {
  const { headers, body } = parsedReply(bytes)
  if (headers.get('transfer-encoding') === 'chunked') return body.endsWith('0\r\n\r\n')
  const length = headers.get('content-length')
  return length !== undefined && Buffer.byteLength(body) >= Number(length)
}

function splitAtBlankLine(text: string): [string, string] | [] {
  const at = text.indexOf('\r\n\r\n')
  return at === -1 ? [] : [text.slice(0, at), text.slice(at + 4)]
}
