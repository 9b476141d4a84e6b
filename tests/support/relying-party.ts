import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { freePort } from './free-port.ts'

/** An application that signs people in by npm's openid-client, as its documentation shows it. */
export interface RelyingParty {
  url: string
  /** For CLIENTS_FILE. */
  registration: Record<string, unknown>
  /** Goes and reads the provider's metadata. */
  discover(issuer: string): Promise<void>
  /** Of who came last. */
  tokens(): oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers
  configuration(): oidc.Configuration
  /** Verified logout tokens that came by the back channel. */
  logouts: JWTPayload[]
  /** Answers the back channel by this from now on. */
  answerLogouts(status: number): void
  stop(): Promise<void>
}

const SECRET = 'an-application-secret-of-good-length'

export async function startRelyingParty(name: string, more: Record<string, unknown> = {}): Promise<RelyingParty> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const clientId = name.toLowerCase()
  const logouts: JWTPayload[] = []
  let logoutStatus = 200
  let config: oidc.Configuration | undefined
  let issuer = ''
  let tokens: ReturnType<RelyingParty['tokens']> | undefined
  const checks = { pkceCodeVerifier: '', expectedState: '', expectedNonce: '' }

  const configuration = () => {
    if (config === undefined) throw new Error('discover first')
    return config
  }
  const tokensNow = () => {
    if (tokens === undefined) throw new Error('nobody has signed in')
    return tokens
  }

  async function begin(response: ServerResponse, query: URLSearchParams): Promise<void> {
    checks.pkceCodeVerifier = oidc.randomPKCECodeVerifier()
    checks.expectedState = oidc.randomState()
    checks.expectedNonce = oidc.randomNonce()
    const to = oidc.buildAuthorizationUrl(configuration(), {
      redirect_uri: `${url}/cb`,
      scope: 'openid profile email groups',
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...Object.fromEntries(query),
    })
    response.writeHead(302, { location: to.href }).end()
  }

  async function take(request: IncomingMessage, response: ServerResponse, at: URL): Promise<void> {
    const body = request.method === 'POST' ? await bodyOf(request) : undefined
    const answer =
      body === undefined
        ? at
        : new Request(at, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    tokens = await oidc.authorizationCodeGrant(configuration(), answer, { ...checks, idTokenExpected: true })
    page(response, `<h1>${name}</h1><p id="who">${tokens.claims()?.['name']}</p>`)
  }

  async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = new URLSearchParams(await bodyOf(request)).get('logout_token') ?? ''
    if (logoutStatus === 200) {
      const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))
      const { payload } = await jwtVerify(token, keys, { issuer, audience: clientId, typ: 'logout+jwt' })
      logouts.push(payload)
    }
    response.writeHead(logoutStatus).end()
  }

  function leave(response: ServerResponse): void {
    const to = oidc.buildEndSessionUrl(configuration(), {
      post_logout_redirect_uri: `${url}/out`,
      id_token_hint: tokensNow().id_token ?? '',
      state: 'left',
    })
    response.writeHead(302, { location: to.href }).end()
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? '/', url)
    if (at.pathname === '/login') return begin(response, at.searchParams)
    if (at.pathname === '/cb') return take(request, response, at)
    if (at.pathname === '/logout') return leave(response)
    if (at.pathname === '/backchannel') return hear(request, response)
    page(response, `<h1>${name}</h1><p id="who">nobody ${at.search}</p>`)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.stack} ${error.cause ?? ''}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  return {
    url,
    registration: {
      client_id: clientId,
      client_name: name,
      redirect_uris: [`${url}/cb`],
      client_secret: SECRET,
      post_logout_redirect_uris: [`${url}/out`],
      backchannel_logout_uri: `${url}/backchannel`,
      ...more,
    },
    async discover(at) {
      issuer = at
      const options = { execute: [oidc.allowInsecureRequests] }
      config = await oidc.discovery(new URL(at), clientId, SECRET, undefined, options)
    },
    tokens: tokensNow,
    configuration,
    logouts,
    answerLogouts(status) {
      logoutStatus = status
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function page(response: ServerResponse, body: string): void {
  const icon = '<link rel="icon" href="data:,">'
  response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(`<!doctype html><head>${icon}</head><main>${body}</main>`)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
