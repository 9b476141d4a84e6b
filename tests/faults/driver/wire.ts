import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'

/** A reply as it came. */
export interface WireReply {
  status: number
  body: Readonly<Record<string, unknown>>
  setCookies: readonly string[]
  retryAfterSeconds: number | undefined
}

export interface WireRequest {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: object
  headers: OutgoingHttpHeaders
  /** The connection is dropped once this is on its way, and nobody reads the reply. */
  isDropped?: boolean
  signal?: AbortSignal
}

export interface Wire {
  /** Sends it to the instance. `undefined`: no reply came, or nobody waited for it. */
  send(origin: string, wanted: WireRequest): Promise<WireReply | undefined>
  close(): void
}

/** Real HTTP over connections that are kept, as from browsers and proxies. */
export function createWire({ patienceMs }: { patienceMs: number }): Wire {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', maxFreeSockets: Number.POSITIVE_INFINITY })

  return {
    send(origin, { method, path, body, headers, isDropped = false, signal }) {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const own =
        payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
      return new Promise((resolve) => {
        const outgoing = request(
          origin + path,
          { method, agent, headers: { ...own, ...headers }, ...(signal ? { signal } : {}) },
          (incoming) => {
            if (isDropped) resolve(undefined)
            else read(incoming, resolve)
          },
        )
        outgoing.setTimeout(patienceMs, () => outgoing.destroy())
        outgoing.on('error', () => resolve(undefined))
        // Flushed to the kernel: whether the service reads it is another matter.
        outgoing.on('finish', () => isDropped && setImmediate(() => outgoing.destroy(new Error('nobody reads it'))))
        outgoing.end(payload)
      })
    },
    close: () => agent.destroy(),
  }
}

function read(incoming: IncomingMessage, resolve: (reply: WireReply | undefined) => void): void {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk) => chunks.push(chunk))
  incoming.on('end', () =>
    resolve({
      status: incoming.statusCode ?? 0,
      body: parsed(Buffer.concat(chunks).toString()),
      setCookies: incoming.headers['set-cookie'] ?? [],
      retryAfterSeconds: Number(incoming.headers['retry-after']) || undefined,
    }),
  )
  incoming.on('error', () => resolve(undefined))
  incoming.on('close', () => resolve(undefined))
}

function parsed(text: string): WireReply['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
