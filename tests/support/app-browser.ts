import type { OutgoingHttpHeaders } from 'node:http'

/** The parts of a reply that a browser acts on. */
export interface Answer {
  status: number
  headers: OutgoingHttpHeaders
  setCookies: readonly string[]
  text: string
}

/** One request to ScanIn, however it gets there. */
export type Send = (method: string, path: string, headers: Record<string, string>) => Promise<Answer>

export interface AppBrowser {
  /** Its cookies, by origin. */
  jar(origin: string): Map<string, string>
  /** What its proxy asks ScanIn about a request of this browser to an application. */
  verify(url: string, headers?: Record<string, string>, route?: string): Promise<Answer>
  /** One request by this browser, at ScanIn's own host or at an application's `/.scanin/`. */
  visit(url: string, headers?: Record<string, string>, method?: string): Promise<Answer>
  /** Follows redirects from the proxy's answer on. @returns the address where they end, and the last answer */
  follow(url: string): Promise<{ url: string; answer: Answer }>
  /** Opens a page of an application, until its proxy lets it in or it ends elsewhere. */
  open(url: string): Promise<{ url: string; answer: Answer }>
}

const MOST_REDIRECTS = 10

/**
 * A browser in front of applications whose proxies do as the contract says: cookies by origin, redirects followed.
 * @param send a request as a proxy in `TRUST_PROXY` sends it
 */
export function createAppBrowser(send: Send, publicUrl: string): AppBrowser {
  const jars = new Map<string, Map<string, string>>()

  function jar(origin: string): Map<string, string> {
    const known = jars.get(origin) ?? new Map<string, string>()
    jars.set(origin, known)
    return known
  }

  function cookiesFor(origin: string): Record<string, string> {
    const pairs = [...jar(origin)].map(([name, value]) => `${name}=${value}`)
    return pairs.length === 0 ? {} : { cookie: pairs.join('; ') }
  }

  function keep(origin: string, { setCookies }: Answer): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0(;|$)/i.test(line)) jar(origin).delete(name)
      else jar(origin).set(name, value)
    }
  }

  async function visit(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { origin, pathname, search } = new URL(url)
    const told = origin === publicUrl ? {} : forwarded(url, method)
    const answer = await send(method, pathname + search, { ...told, ...cookiesFor(origin), ...headers })
    keep(origin, answer)
    return answer
  }

  async function follow(url: string) {
    let at = url
    for (let redirects = 0; redirects < MOST_REDIRECTS; redirects++) {
      const { origin, pathname } = new URL(at)
      if (origin !== publicUrl && !pathname.startsWith('/.scanin/')) return { url: at, answer: await verify(at) }
      const answer = await visit(at, { accept: 'text/html' })
      const { location } = answer.headers
      if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return { url: at, answer }
      at = new URL(location, at).href
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects from ${url}`)
  }

  function verify(url: string, headers: Record<string, string> = {}, route = '/auth/verify'): Promise<Answer> {
    return send('GET', route, { ...forwarded(url, 'GET'), ...cookiesFor(new URL(url).origin), ...headers })
  }

  return {
    jar,
    verify,
    visit,
    follow,
    async open(url) {
      const asked = await verify(url)
      return asked.status === 401 ? follow(String(asked.headers['location'])) : { url, answer: asked }
    },
  }
}

function forwarded(url: string, method: string): Record<string, string> {
  const { protocol, host, pathname, search } = new URL(url)
  return {
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-host': host,
    'x-forwarded-uri': pathname + search,
    'x-forwarded-method': method,
  }
}
