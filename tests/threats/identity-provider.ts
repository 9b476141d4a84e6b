import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { freePort } from '../support/free-port.ts'

/** A team's own identity provider, on loopback: publishes its key, signs access tokens, answers userinfo. */
export interface IdentityProvider {
  issuer: string
  jwksUrl: string
  userinfoUrl: string
  /** An access token as a real one would be, but for what `changes` says. A claim that is `undefined` is left out. */
  sign(changes?: TokenChanges): Promise<string>
  /** The published key as PEM text, for those who would sign with what everybody knows. */
  publicPem: string
  /** Opaque tokens that userinfo knows, each with the claims that it answers. */
  opaque: Map<string, unknown>
  stop(): Promise<void>
}

export interface TokenChanges {
  claims?: JWTPayload
  header?: Record<string, unknown>
  /** Sign with a key that is not published, under the name of the one that is. */
  withForeignKey?: boolean
}

const ALGORITHM = 'ES256'
const KEY_ID = 'published'
export const AUDIENCE = 'scanin-phones'

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const published = await generateKeyPair(ALGORITHM, { extractable: true })
  const foreign = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = { ...(await exportJWK(published.publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }
  const opaque = new Map<string, unknown>()
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`

  const server = createServer((request, reply) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const isKnown = request.url === '/jwks' || (request.url === '/userinfo' && opaque.has(token))
    reply.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
    const body = request.url === '/jwks' ? { keys: [jwk] } : opaque.get(token)
    reply.end(isKnown ? JSON.stringify(body) : '{"error":"invalid_token"}')
  })
  await listen(server, port)

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    userinfoUrl: `${issuer}/userinfo`,
    publicPem: JSON.stringify(jwk),
    opaque,
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

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
