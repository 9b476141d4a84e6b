import { connect } from 'node:net'

export interface RawReply {
  /** 0: the connection ended, or time ran out, without a reply. */
  status: number
  headers: Map<string, string>
  body: string
  ms: number
}

/**
 * Sends bytes as they are, which no HTTP client would, and gives the first reply.
 * @param send the bytes, or a function that writes as it likes
 */
export function sendRaw(
  port: number,
  send: string | Buffer | ((write: (data: string | Buffer) => void) => void | Promise<void>),
  patienceMs = 5000,
): Promise<RawReply> {
  const started = performance.now()
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const timer = setTimeout(end, patienceMs)

    function end(): void {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ...parsedReply(received), ms: performance.now() - started })
    }

    socket.on('connect', () => {
      if (typeof send === 'function') void send((data) => void (socket.writable && socket.write(data)))
      else socket.write(send)
    })
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (isWhole(received)) end()
    })
    // What was not read yet is still a reply, also when our own writing failed.
    socket.on('error', () => undefined)
    socket.on('close', end)
  })
}

function parsedReply(bytes: Buffer): Omit<RawReply, 'ms'> {
  const [head = '', body = ''] = splitAtBlankLine(bytes.toString())
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
