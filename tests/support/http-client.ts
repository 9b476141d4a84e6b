import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { eventually } from './eventually.ts'
import { PATIENCE_MS } from './patience.ts'
import { DEMO_PASSWORD } from './service.ts'

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  /** `name: value` as sent, in order. */
  rawHeaders: string[]
  text: string
  /** The body as JSON; `undefined` when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies freely
  json: any
  setCookies: string[]
}

export interface Call {
  body?: unknown
  /** Sent as it is instead of `body` as JSON. */
  raw?: string | Buffer
  /** One that is `undefined` is not sent, also if it would be by itself. */
  headers?: OutgoingHttpHeaders
  /** Left out: the client's jar. `''`: none. */
  cookie?: string
}

export interface Client {
  cookies: Map<string, string>
  call(method: string, path: string, call?: Call): Promise<Reply>
  get(path: string, call?: Call): Promise<Reply>
  post(path: string, body?: unknown, call?: Call): Promise<Reply>
  delete(path: string, call?: Call): Promise<Reply>
}

/**
 * A browser or phone over HTTP: keeps cookies, and like a browser sends its origin with whatever changes state.
 * @param origins where requests go, each in turn: several instances, or one
 * @param publicUrl what it takes itself to be at; the first origin when left out
 */
export function createClient(origins: string | string[], publicUrl?: string): Client {
  const places = [origins].flat()
  const origin = publicUrl ?? places[0]
  const cookies = new Map<string, string>()
  const agent = new Agent({ keepAlive: false })
  let calls = 0

  async function call(method: string, path: string, { body, raw, headers = {}, cookie }: Call = {}): Promise<Reply> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const jar = cookie ?? [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const own = { ...originFor(method), ...typeOf(payload), ...(jar === '' ? {} : { cookie: jar }) }
    // A header that a test sets to `undefined` is left out.
    const sent = Object.entries({ ...own, ...headers }).filter(([, value]) => value !== undefined)
    const reply = await send(places[calls++ % places.length] + path, method, Object.fromEntries(sent), payload)
    if (cookie === undefined) keep(reply.setCookies)
    return reply
  }

  function originFor(method: string): OutgoingHttpHeaders {
    return method === 'GET' || method === 'HEAD' ? {} : { origin }
  }

  function keep(setCookies: string[]): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0(;|$)/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
  }

  function send(url: string, method: string, headers: OutgoingHttpHeaders, payload?: string | Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            rawHeaders: incoming.rawHeaders,
            text,
            json: parsed(text),
            setCookies: incoming.headers['set-cookie'] ?? [],
          })
        })
      })
      outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error(`no reply in time: ${method} ${url}`)))
      outgoing.on('error', reject)
      outgoing.end(payload)
    })
  }

  return {
    cookies,
    call,
    get: (path, options) => call('GET', path, options),
    post: (path, body, options) => call('POST', path, { body, ...options }),
    delete: (path, options) => call('DELETE', path, options),
  }
}

/**
 * A reply that a test begins with. It is asked for again, as our clients do: on a busy machine a store may answer late.
 */
export function answered(ask: () => Promise<Reply>): Promise<Reply> {
  return eventually('the store answers', async () => {
    const reply = await ask()
    return reply.json?.code !== 'store_unavailable' && reply
  })
}

/** A client that has signed in as the demo account. */
export async function createPhone(
  origins: string | string[],
  publicUrl?: string,
  password = DEMO_PASSWORD,
): Promise<Client> {
  const phone = createClient(origins, publicUrl)
  const reply = await answered(() => phone.post('/sign-in', { username: 'demo', password }))
  if (reply.status !== 200) throw new Error(`sign-in: ${reply.status} ${reply.text}`)
  return phone
}

function typeOf(payload: string | Buffer | undefined): OutgoingHttpHeaders {
  if (payload === undefined) return {}
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
