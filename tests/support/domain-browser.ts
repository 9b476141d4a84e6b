import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { PATIENCE_MS } from './patience.ts'

export interface Page {
  /** Where redirects have led. */
  url: string
  status: number
  headers: IncomingMessage['headers']
  text: string
}

export interface Asking {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: Buffer | string
  /** Put into the request line as it is, in place of the path and query: a URL would change it. */
  target?: string
}

/** A browser without a screen: any https host is on loopback, cookies are kept by host and port. */
export interface DomainBrowser {
  cookies(host: string): Map<string, string>
  /** One request. */
  ask(url: string, asking?: Asking): Promise<Page>
  /** As a person goes there: redirects are followed. */
  go(url: string): Promise<Page>
  /** Asks for a WebSocket, or for what these headers say. @returns the status, what it changes to, and the first bytes after it */
  upgrade(url: string, headers?: OutgoingHttpHeaders): Promise<{ status: number; protocol: string; first: string }>
}

const MOST_REDIRECTS = 10
const NAVIGATION = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }

export function createDomainBrowser(): DomainBrowser {
  const jars = new Map<string, Map<string, string>>()
  const agent = new Agent({ keepAlive: false, rejectUnauthorized: false })

  function cookies(host: string): Map<string, string> {
    const known = jars.get(host) ?? new Map<string, string>()
    jars.set(host, known)
    return known
  }

  function keep(host: string, lines: readonly string[] = []): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0(;|$)/i.test(line)) cookies(host).delete(name)
      else cookies(host).set(name, value)
    }
  }

  function begin(url: URL, { method = 'GET', headers = {}, body, target = url.pathname + url.search }: Asking) {
    const jar = [...cookies(url.host)].map(([name, value]) => `${name}=${value}`).join('; ')
    const outgoing = request({
      ...{ host: '127.0.0.1', port: url.port, servername: url.hostname, agent, method },
      path: target,
      headers: {
        host: url.host,
        ...(jar === '' ? {} : { cookie: jar }),
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    })
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error(`no reply in time: ${method} ${url.href}`)))
    return outgoing
  }

  async function ask(address: string, asking: Asking = {}): Promise<Page> {
    const url = new URL(address)
    const outgoing = begin(url, asking)
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject).end(asking.body)
    })
    keep(url.host, incoming.headers['set-cookie'])
    const text = (await buffer(incoming)).toString()
    return { url: address, status: incoming.statusCode ?? 0, headers: incoming.headers, text }
  }

  return {
    cookies,
    ask,
    async go(address) {
      let url = address
      for (let redirects = 0; redirects < MOST_REDIRECTS; redirects++) {
        const page = await ask(url, { headers: NAVIGATION })
        if (page.status < 300 || page.status > 399) return page
        url = new URL(page.headers.location ?? '', url).href
      }
      throw new Error(`more than ${MOST_REDIRECTS} redirects from ${address}`)
    },
    upgrade(address, others = {}) {
      const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' }
      const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-fetch-mode': 'websocket', ...key, ...others }
      const outgoing = begin(new URL(address), { headers })
      return new Promise((resolve, reject) => {
        outgoing.once('error', reject)
        outgoing.once('response', (incoming) => {
          incoming.resume()
          resolve({ status: incoming.statusCode ?? 0, protocol: '', first: '' })
        })
        outgoing.once('upgrade', (incoming, socket, head) => {
          const take = (bytes: Buffer) => {
            socket.destroy()
            const protocol = incoming.headers.upgrade ?? ''
            resolve({ status: incoming.statusCode ?? 0, protocol, first: bytes.toString() })
          }
          if (head.length > 0) take(head)
          else socket.once('data', take)
        })
        outgoing.end()
      })
    },
  }
}
