import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { freePort } from '../support/free-port.ts'

/** A team's own identity provider, on loopback: publishes its key, signs tokens, answers userinfo and introspection. */
export interface IdentityProvider {
  issuer: string
  jwksUrl: string
  userinfoUrl: string
  introspectionUrl: string
  /** An access token as a real one would be, but for what `changes` says. A claim that is `undefined` is left out. */
  sign(changes?: TokenChanges): Promise<string>
  /** The published key as PEM text, for those who would sign with what everybody knows. */
  publicPem: string
  /** Opaque tokens that userinfo knows, each with the claims that it answers. */
  opaque: Map<string, unknown>
  /** Opaque tokens that introspection knows, each with what it answers. */
  introspected: Map<string, unknown>
  /** Who may introspect. */
  client: { id: string; secret: string }
  /** How often it was asked about a token, by userinfo or introspection. */
  asked(): number
  /** How often it was asked for its keys. */
  askedForKeys(): number
  /** Makes questions about tokens wait. @returns lets them go on */
  hold(): () => void
  stop(): Promise<void>
}

export interface TokenChanges {
  claims?: JWTPayload
  header?: Record<string, unknown>
  /** Sign with a key that is not published, under the name of the one that is. */
  withForeignKey?: boolean
}

/** The provider's answer for a token about which it cannot say anything now. */
export const AWAY = 'away'

const ALGORITHM = 'ES256'
const KEY_ID = 'published'
export const AUDIENCE = 'scanin-phones'

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const published = await generateKeyPair(ALGORITHM, { extractable: true })
  const foreign = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = { ...(await exportJWK(published.publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }
  const opaque = new Map<string, unknown>()
  const introspected = new Map<string, unknown>()
  const client = { id: 'scanin at work', secret: 'se+cret:ç' }
  let asked = 0
  let askedForKeys = 0
  let open = Promise.resolve()
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`

  const server = createServer(async (request, reply) => {
    const answer = (status: number, body: unknown) =>
      reply.writeHead(body === AWAY ? 503 : status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url === '/jwks') {
      askedForKeys++
      return answer(200, { keys: [jwk] })
    }
    asked++
    await open
    if (request.url === '/userinfo') {
      const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
      return opaque.has(token) ? answer(200, opaque.get(token)) : answer(401, { error: 'invalid_token' })
    }
    const isClient = request.headers.authorization === `Basic ${basicOf(client)}`
    if (request.url !== '/introspect' || request.method !== 'POST' || !isClient) return answer(401, {})
    const token = new URLSearchParams(await text(request)).get('token') ?? ''
    return answer(200, introspected.get(token) ?? { active: false })
  })
  await listen(server, port)

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    userinfoUrl: `${issuer}/userinfo`,
    publicPem: JSON.stringify(jwk),
    introspectionUrl: `${issuer}/introspect`,
    opaque,
    introspected,
    client,
    asked: () => asked,
    askedForKeys: () => askedForKeys,
    hold() {
      let release = () => {}
      open = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    sign({ claims = {}, header = {}, withForeignKey = false } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        ...{ iss: issuer, aud: AUDIENCE, sub: 'native-1', name: 'Native Person', iat: now, exp: now + 300 },
        ...claims,
      }
      for (const [name, value] of Object.entries(payload))
        if (value === undefined) delete payload[name as keyof typeof payload]
      return (
        new SignJWT(payload)
          .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'at+jwt', ...header })
          // For tests of headers that nobody understands: signing one is allowed, reading it is not.
          .sign(withForeignKey ? foreign.privateKey : published.privateKey, { crit: { 'x-unknown': true } })
      )
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** RFC 6749 §2.3.1. */
function basicOf({ id, secret }: { id: string; secret: string }): string {
  const encoded = [id, secret].map((part) => encodeURIComponent(part).replaceAll('%20', '+'))
  return Buffer.from(encoded.join(':')).toString('base64')
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
