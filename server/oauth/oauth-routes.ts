import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasCode } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { letRead } from '../http/other-origins.ts'
import type { NetworkLimit } from '../http/rate-limits.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { browserOf } from '../http/user-agent.ts'
import { isOfBrowser } from '../http/visits.ts'
import { type Clients, type OAuthClient, scopesAmong } from './client.ts'
import type { ClientGuard } from './client-guard.ts'
import type { DeviceLogins } from './device-logins.ts'
import type { OAuthReplies } from './oauth-replies.ts'
import { PATHS } from './paths.ts'
import type { ProviderReply, ProviderRequest } from './provider-call.ts'
import { IN_OTHER_WORDS } from './refusals.ts'
import { DEVICE_INTERVAL_SECONDS } from './waiting-devices.ts'

interface OAuthRoutesOptions {
  publicUrl: string
  replies: OAuthReplies
  clients: Clients
  clientAddresses: Pick<ClientAddresses, 'of'>
  devices: DeviceLogins
  clientGuard: ClientGuard
  /** Counts logins that are started, by client address. */
  creationLimit: NetworkLimit
}

const DISCOVERY = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const CACHED_SECONDS = 300
const forPrograms = { config: { isForAnyOrigin: true, step: 'finish' }, schema: { hide: true } } as const

/** What applications and devices call by themselves: none of it goes by a browser's cookie. */
export function oauthRoutes(app: TypedApp, options: OAuthRoutesOptions): void {
  const { publicUrl, clients, clientAddresses, devices, clientGuard, creationLimit } = options
  const { send } = options.replies
  // Errors are told in JSON whatever a program's HTTP library says that it takes (RFC 6749 §5.2).
  const ask = (request: FastifyRequest) => {
    const { headers, ...others } = withoutEmptySecret(request)
    return options.replies.ask(request, {}, { headers: { ...headers, accept: 'application/json' }, ...others })
  }
  /**
   * Pages of clients may read our own errors too: whether to ask again, and when. Other pages read nothing, so the log
   * says what was wrong.
   */
  const onError = async ({ headers: { origin }, labels }: FastifyRequest, reply: FastifyReply, error: Error) => {
    if (hasCode(error, 'cross_site_request')) labels.error = 'cross_site_request'
    if (origin !== undefined && clients.haveOrigin(origin)) letRead(reply, origin)
  }
  const forPages = { ...forPrograms, onError }
  // Not for pages of other origins: they would use up what their visitor's address is allowed.
  const forClients = { ...forPages, config: { isForOrigin: clients.haveOrigin, step: 'finish' } } as const
  const forDevices = { ...forPages, config: { ...forClients.config, step: 'begin' } } as const

  for (const path of DISCOVERY) {
    app.get(path, { ...forPrograms, exposeHeadRoute: true }, async (request, reply) => {
      const answer = await ask(request)
      return send(reply.header('cache-control', `public, max-age=${CACHED_SECONDS}`), answer)
    })
  }
  const askAsClient = async (request: FastifyRequest) =>
    withChallenge(orInactive(inJson(inWordsOfTheRfcs(await ask(request))), request), request, publicUrl)
  for (const path of [PATHS.token, PATHS.revocation, PATHS.introspection]) {
    app.post(path, forClients, async (request, reply) => {
      const { address } = clientAddresses.of(request.raw)
      return send(reply, await clientGuard({ address, ask: () => askAsClient(request) }))
    })
  }
  app.post(PATHS.userinfo, forPages, async (request, reply) => send(reply, await ask(request)))
  app.get(PATHS.userinfo, { ...forPages, exposeHeadRoute: true }, async (request, reply) =>
    send(reply, await ask(request)),
  )
  const called = [PATHS.token, PATHS.revocation, PATHS.introspection, PATHS.device_authorization, PATHS.userinfo]
  for (const path of [...called, ...DISCOVERY]) {
    app.options(path, forPrograms, async (request, reply) => send(reply, await ask(request)))
  }

  app.post(PATHS.device_authorization, forDevices, async (request, reply) => {
    const { address } = clientAddresses.of(request.raw)
    const isGiven = ({ status }: ProviderReply) => status === 200
    const answer = await clientGuard({
      address,
      ask: () => creationLimit.spend(address, () => askAsClient(request), isGiven),
    })
    const client = clients.find(answer.clientId ?? '')
    const isGranted = answer.status === 200 && client !== undefined
    return send(reply, isGranted ? await withLogin(request, client, answer) : answer)
  })

  /** The device's code is the provider's; what people see of it is a login of ours. */
  async function withLogin(
    request: FastifyRequest,
    client: OAuthClient,
    answer: ProviderReply,
  ): Promise<ProviderReply> {
    const { device_code: code } = answer.body as { device_code: string }
    const started = await devices.start({
      code,
      clientId: client.id,
      application: { name: client.name, scopes: scopesAmong(client, answer.found.scope ?? ''), isDevice: true },
      name: { name: client.name, os: browserOf(request.headers['user-agent']).os },
      at: clientAddresses.of(request.raw),
    })
    const verificationUri = `${publicUrl}${PATHS.code_verification}`
    const body = {
      device_code: code,
      user_code: started.userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}#${started.token}`,
      expires_in: started.expiresIn,
      interval: DEVICE_INTERVAL_SECONDS,
    }
    return { ...answer, body }
  }
}

/**
 * An empty secret may be left out (RFC 6749 §2.3.1). Programs that know only Basic send one for a client that has no
 * secret: that is taken for its name in the form, but not beside another name or a secret there (§2.3).
 */
function withoutEmptySecret({ headers, body }: FastifyRequest): Pick<ProviderRequest, 'headers' | 'body'> {
  const { authorization = '', ...others } = headers
  const [, sent = ''] = /^Basic ([\w+/=]+)$/i.exec(authorization) ?? []
  const [, id] = /^([^:&=]+):$/.exec(Buffer.from(sent, 'base64').toString()) ?? []
  if (id === undefined || !Buffer.isBuffer(body)) return { headers }
  const form = new URLSearchParams(body.toString())
  const [name, ...names] = form.getAll('client_id')
  if (name === undefined) return { headers: others, body: Buffer.from(`${body}&client_id=${id}`) }
  const isSame = name === new URLSearchParams(`id=${id}`).get('id') && names.length === 0
  return isSame && !form.has('client_secret') ? { headers: others, body } : { headers }
}

function inWordsOfTheRfcs(answer: ProviderReply): ProviderReply {
  const { error_description: why } = (answer.body ?? {}) as { error_description?: string }
  const known = IN_OTHER_WORDS.get(why ?? '')
  if (known === undefined) return answer
  return { ...answer, status: known.status, body: { error: known.error, error_description: why } }
}

/** Of a revocation's reply only the status counts (RFC 7009 §2.2), but some libraries take nothing but JSON. */
function inJson(answer: ProviderReply): ProviderReply {
  return answer.status === 200 && answer.body === '' ? { ...answer, body: {} } : answer
}

/**
 * Tells a resource server of a token whose form is none of ours what it is told of any that is not ours
 * (RFC 7662 §2.2). The provider refuses such a one by an error that is for revocation (RFC 7009 §2.2.1).
 */
function orInactive(answer: ProviderReply, { routeOptions }: FastifyRequest): ProviderReply {
  const { error } = (answer.body ?? {}) as { error?: unknown }
  if (routeOptions.url !== PATHS.introspection || error !== 'unsupported_token_type') return answer
  return { ...answer, status: 200, body: { active: false } }
}

/**
 * Adds to a 401 how to authenticate (RFC 9110 §15.5.2), but not for a page: its browser would ask the person for the
 * application's password.
 */
function withChallenge(answer: ProviderReply, { headers }: FastifyRequest, realm: string): ProviderReply {
  if (answer.status !== 401 || answer.headers[CHALLENGE] !== undefined || isOfBrowser(headers)) return answer
  return { ...answer, headers: { ...answer.headers, [CHALLENGE]: `Basic realm="${realm}"` } }
}

const CHALLENGE = 'www-authenticate'
