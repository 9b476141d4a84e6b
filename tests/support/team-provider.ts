import { createServer, type Server, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Configuration } from 'oidc-provider'
import { type EndlessReply, sendWithoutEnd } from './endless-reply.ts'
import { freePort } from './free-port.ts'
import { PATIENCE_MS } from './patience.ts'

/** A team's own identity provider: npm's oidc-provider with the pages that it brings for development, which take any password. */
export interface TeamProvider {
  issuer: string
  /** For the service that is its client. */
  env: Record<string, string>
  /** Whom it knows, by `sub`, each with what it says of them. Who is taken out is gone. */
  people: Map<string, Record<string, unknown>>
  /** How often it has vouched for somebody again. */
  refreshes(): number
  /** Codes and tokens that it has given to the service. */
  given(): string[]
  /** Logout tokens, where they are kept. */
  logouts: string[]
  /** Answers everything by 503 while it is so. */
  isDown: boolean
  /** Of its endpoints, the path of one that answers so while all others are there. */
  downAt: string | undefined
  /** The path of one that does what it is asked to, and keeps its answers back until it is another one. */
  slowAt: string | undefined
  /** Of its endpoints, the path of one whose answers have no end. */
  endlessAt: string | undefined
  /** Those, in the order in which they began. */
  endless: EndlessReply[]
  /** How many answers are kept back. */
  keptBack(): number
  /** Publishes a key by the name of its own that is not the one that signs. */
  publishesAnother: boolean
  /** Another key signs from now on; the one before is published no more. */
  rotateKeys(): Promise<void>
  /** As this provider would, unless `changes` say otherwise. One that is `undefined` is left out. */
  logoutToken(claims: JWTPayload, changes?: { header?: object; foreignKey?: boolean }): Promise<string>
  /** Signs somebody in on its pages, as a browser of theirs does. @returns the address that they are sent back to */
  visit(location: string, who: string, browser?: Map<string, string>): Promise<URL>
  /** Somebody signs out on its own pages: it tells its clients by the back channel. */
  signOut(browser: Map<string, string>): Promise<void>
  stop(): Promise<void>
}

export interface TeamProviderOptions {
  /** The service's. */
  publicUrl: string
  configuration?: Configuration
  /** Logout tokens are kept and sent to nobody: the service has no address. */
  keepsLogouts?: boolean
  client?: Record<string, unknown>
}

const CLIENT_ID = 'scanin'
const CLIENT_SECRET = 'the secret of a client, with spaces & signs: 94tGb'

export async function startTeamProvider(options: TeamProviderOptions): Promise<TeamProvider> {
  const { publicUrl, configuration = {}, keepsLogouts = false, client = {} } = options
  // oidc-provider writes long warnings that it must not be run so.
  Object.assign(console, { info: () => undefined, warn: () => undefined })
  const { default: Provider } = await import('oidc-provider')
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const people = new Map<string, Record<string, unknown>>()
  const given: string[] = []
  const logouts: string[] = []
  const keptBack: (() => void)[] = []
  let slowAt: string | undefined
  let refreshes = 0
  let key = await makeKey('first')
  const foreign = await makeKey('first')
  let answer = makeProvider()

  function makeProvider() {
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [`${publicUrl}/sign-in/oidc/callback`],
          grant_types: ['authorization_code', 'refresh_token'],
          backchannel_logout_uri: `${publicUrl}/sign-in/oidc/backchannel-logout`,
          backchannel_logout_session_required: true,
          ...client,
        },
      ],
      jwks: { keys: [key.jwk] },
      // As strict as providers come: each refresh token is good once.
      rotateRefreshToken: true,
      cookies: { keys: ['a key of cookies'] },
      claims: { openid: ['sub'], profile: ['name', 'roles'], email: ['email', 'email_verified'] },
      findAccount: (_ctx, sub) => {
        const claims = people.get(sub)
        return claims && { accountId: sub, claims: async () => ({ sub, ...claims }) }
      },
      async fetch(url, { dispatcher: _careful, ...request }: RequestInit & { dispatcher?: unknown } = {}) {
        if (!keepsLogouts) return fetch(url, request)
        logouts.push(new URLSearchParams(String(request.body)).get('logout_token') ?? '')
        return new Response()
      },
      features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
      ...configuration,
    })
    provider.on('grant.success', (ctx) => {
      if (ctx.oidc.params?.['grant_type'] === 'refresh_token') refreshes++
      const { access_token, refresh_token, id_token } = Object(ctx.body)
      given.push(
        ...[access_token, refresh_token, id_token, ctx.oidc.params?.['code']].flatMap((one) => one ?? []).map(String),
      )
    })
    return provider.callback()
  }

  const team: TeamProvider = {
    issuer,
    env: { PHONE_OIDC_ISSUER: issuer, PHONE_OIDC_CLIENT_ID: CLIENT_ID, PHONE_OIDC_CLIENT_SECRET: CLIENT_SECRET },
    people,
    refreshes: () => refreshes,
    given: () => given,
    logouts,
    isDown: false,
    downAt: undefined,
    endlessAt: undefined,
    endless: [],
    get slowAt() {
      return slowAt
    },
    set slowAt(path) {
      slowAt = path
      for (const answer of keptBack.splice(0)) answer()
    },
    keptBack: () => keptBack.length,
    publishesAnother: false,
    async rotateKeys() {
      key = await makeKey('second')
      answer = makeProvider()
    },
    logoutToken(claims, { header = {}, foreignKey = false } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
      const payload = { iss: issuer, aud: CLIENT_ID, iat: now, exp: now + 120, jti: `jti-${jti++}`, events, ...claims }
      const said = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
      return new SignJWT(said)
        .setProtectedHeader({ alg: 'RS256', kid: key.jwk.kid ?? '', typ: 'logout+jwt', ...header })
        .sign(foreignKey ? foreign.privateKey : key.privateKey)
    },
    async visit(location, who, browser = new Map()) {
      let at = new URL(location)
      let form: Record<string, string> | undefined
      while (at.origin === issuer) {
        const reply = await call(at, browser, form)
        const next = reply.headers.get('location')
        if (next !== null) {
          at = new URL(next, at)
          form = undefined
          continue
        }
        const page = await reply.text()
        const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(page) ?? []
        if (prompt === '') throw new Error(`nothing to fill in: ${reply.status} ${page}`)
        form = prompt === 'login' ? { prompt, login: who, password: 'any' } : { prompt }
      }
      return at
    },
    async signOut(browser) {
      const page = await (await call(new URL('/session/end', issuer), browser)).text()
      const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(page) ?? []
      const reply = await call(new URL('/session/end/confirm', issuer), browser, { xsrf, logout: 'yes' })
      if (reply.status >= 400) throw new Error(`sign-out: ${reply.status} ${await reply.text()}`)
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  const server: Server = createServer((request, reply) => {
    if (team.isDown || request.url === team.downAt)
      reply.writeHead(503, { 'content-type': 'text/html' }).end('<h1>down</h1>')
    else if (request.url === team.endlessAt) team.endless.push(sendWithoutEnd(reply))
    else if (team.publishesAnother && request.url === '/jwks') {
      const { kty, n, e, ...names } = { ...foreign.jwk }
      reply
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: [{ kty, n, e, kid: names.kid, alg: names.alg }] }))
    } else {
      if (request.url === team.slowAt) {
        const end = reply.end.bind(reply) as (...what: unknown[]) => ServerResponse
        reply.end = (...what: unknown[]) => {
          keptBack.push(() => void end(...what))
          return reply
        }
      }
      void answer(request, reply)
    }
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return team
}

let jti = 0

async function makeKey(kid: string) {
  const { publicKey: _public, privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } }
}

/** One step of a browser: cookies are kept, and no redirect is followed. */
async function call(url: URL, cookies: Map<string, string>, form?: Record<string, string>): Promise<Response> {
  const reply = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  })
  for (const cookie of reply.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    cookies.set(name, value)
  }
  return reply
}
