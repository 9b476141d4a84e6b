import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { hasCode, ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import { searchOf } from '../http/query.ts'
import type { NetworkLimit } from '../http/rate-limits.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { LONGEST_RETURN_TO } from '../http/return-to.ts'
import { AWAY, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { isFromElsewhere, isVisit } from '../http/visits.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SessionService } from '../session/session-service.ts'
import {
  AUTHORIZATION_SECONDS,
  type AuthorizationRequests,
  type TakenAuthorizationRequest,
} from './authorization-requests.ts'
import { NotAllowed } from './people.ts'
import type { ProviderClient } from './provider-client.ts'
import type { OnProviderNews } from './provider-news.ts'
import { ProviderRefused } from './refusal.ts'
import type { SignInByProvider } from './sign-in.ts'
import type { SignInTrouble, TroublePages } from './trouble-pages.ts'

interface AuthorizationRoutesOptions {
  provider: Pick<ProviderClient, 'authorizationUrl'>
  authorizations: AuthorizationRequests
  signIn: SignInByProvider
  sessions: Pick<SessionService, 'kindOf'>
  current: Pick<CurrentSession, 'idInCookie'>
  publicUrl: string
  pages: TroublePages
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  /** Of authorization requests, by client address. */
  limit: NetworkLimit
  allowedReturn: (returnTo: string | undefined) => string | undefined
  onNews: OnProviderNews
}

export const CALLBACK_PATH = '/sign-in/oidc/callback'
/** The phone's page: it comes back to the code that it is about by itself. */
const HOME = '/scan'

const tags = ['session']
/** Whoever comes here is a person's browser, which goes where it is sent: no part of the API, and what goes wrong is a page. */
const config = { isForPeople: true } as const
const hide = true
const away = ['slow_down', ...AWAY] as const
const returnTo = Type.String({
  maxLength: LONGEST_RETURN_TO,
  description: 'Where to go on: a path of ours, or an address of RETURN_TO_ORIGINS. Anything else is left aside',
  examples: ['/scan'],
})
const bindingCookie = { 'Set-Cookie': 'What binds the way there and back to this browser' }

/** To the team's provider, and back. */
export function authorizationRoutes(app: TypedApp, options: AuthorizationRoutesOptions): void {
  const { provider, authorizations, signIn, sessions, current, publicUrl, pages, cookies, clientAddresses } = options
  const { limit, allowedReturn, onNews } = options
  const keyIn = ({ headers }: FastifyRequest) => readCookie(headers.cookie, cookies.authorizationRequestName)

  /** The public id of the session that a phone signed this browser in by, while it is good. */
  async function browserSessionIn(request: FastifyRequest): Promise<string | undefined> {
    const id = current.idInCookie(request)
    return id !== undefined && (await sessions.kindOf(id)) === 'browser' ? id : undefined
  }

  function begin(
    request: FastifyRequest,
    reply: FastifyReply,
    { to, again = false }: { to: string | undefined; again?: boolean | undefined },
  ): Promise<string> {
    return limit.spend(clientAddresses.of(request.raw).address, async () => {
      const key = authorizations.keyOf(keyIn(request))
      const authorization = authorizations.plan(key)
      const url = await provider.authorizationUrl(authorization, again)
      await authorizations.begin(key, {
        ...authorization,
        returnTo: allowedReturn(to) ?? HOME,
        session: current.idInCookie(request),
      })
      reply.header('set-cookie', cookies.set(cookies.authorizationRequestName, key, AUTHORIZATION_SECONDS))
      return url.href
    })
  }

  app.get(
    '/sign-in/oidc',
    {
      config,
      schema: {
        hide,
        querystring: Type.Object({ return_to: Type.Optional(returnTo) }),
      },
    },
    async (request, reply) => {
      const { headers } = request
      const isElsewhere = isFromElsewhere(headers, publicUrl)
      // Before it is counted. A browser that follows a link from elsewhere says `navigate`: anything else is no link.
      if (!isVisit(headers) || (isElsewhere && headers['sec-fetch-mode'] !== 'navigate')) {
        throw new ScanInError('cross_site_request')
      }
      // Anybody can make a link, and a page of ours that leads on: so it leads to the button only, without `return_to`,
      // in which a stranger's code may be. A session that a phone gave also ends by that button alone.
      const isLeftToTheButton = isElsewhere || (await browserSessionIn(request)) !== undefined
      if (isLeftToTheButton) return reply.code(303).header('location', HOME).send()
      try {
        const location = await begin(request, reply, { to: request.query.return_to })
        return reply.code(302).header('location', location).send()
      } catch (error) {
        return explain(reply, error, HOME)
      }
    },
  )

  app.post(
    '/sign-in/oidc',
    {
      schema: {
        operationId: 'beginProviderSignIn',
        tags,
        security: [],
        summary: "Where to sign in at the team's provider, for a page that sends its visitor there",
        description:
          'As `GET /sign-in/oidc?return_to=`, which redirects; but where to go on stands in no address, and no log: it may have a code in it.',
        body: Type.Object(
          {
            return_to: Type.Optional(returnTo),
            again: Type.Optional(
              Type.Boolean({ description: 'The person is to show anew that it is them', examples: [false] }),
            ),
          },
          { ...strict, title: 'ProviderSignIn' },
        ),
        problems: away,
        replyHeaders: { 200: bindingCookie },
        response: {
          200: Type.Object(
            {
              location: Type.String({
                description: "The provider's authorization endpoint, with all that it has to be asked",
                examples: ['https://id.example.org/authorize?client_id=scanin&response_type=code'],
              }),
            },
            { title: 'WayToProvider' },
          ),
        },
      },
    },
    async (request, reply) => {
      const { return_to: to, again } = request.body
      return { location: await begin(request, reply, { to, again }) }
    },
  )

  app.get(
    CALLBACK_PATH,
    {
      config,
      schema: {
        hide,
        querystring: Type.Object({ state: Type.Optional(Type.String()) }),
      },
    },
    async (request, reply) => {
      const by = requestContextOf(request, clientAddresses)
      const authorization = await authorizations.take(keyIn(request), request.query.state ?? '')
      if (authorization === undefined) {
        onNews({ why: 'state', user: undefined, by })
        return pages.show(reply, 'state', HOME)
      }
      try {
        const location = await goOn(request, reply, { authorization, by })
        return reply.code(302).header('location', location).send()
      } catch (error) {
        if (error instanceof ProviderRefused) {
          await authorizations.end(authorization.state)
          onNews({ why: error.why, user: error instanceof NotAllowed ? error.user : undefined, by })
        }
        return explain(reply, error, authorization.returnTo)
      }
    },
  )

  /** @returns where whoever is back goes on to */
  async function goOn(
    request: FastifyRequest,
    reply: FastifyReply,
    { authorization, by }: { authorization: TakenAuthorizationRequest; by: RequestContext },
  ): Promise<string> {
    const session = await browserSessionIn(request)
    if (session !== undefined && session !== authorization.session) throw new ProviderRefused('state')
    if (authorization.wasTaken) return begin(request, reply, { to: authorization.returnTo })
    await signIn(request, reply, { authorization, query: searchOf(request.url).slice(1), by })
    await authorizations.end(authorization.state)
    return authorization.returnTo
  }

  function explain(reply: FastifyReply, error: unknown, returnTo: string): FastifyReply {
    const trouble = troubleOf(error)
    if (trouble === undefined) throw error
    // Back to a page of ours only, as the button is there.
    return pages.show(reply, trouble, returnTo.startsWith('/') ? returnTo : HOME)
  }
}

function troubleOf(error: unknown): SignInTrouble | undefined {
  if (error instanceof ProviderRefused) return error.why
  if (hasCode(error, 'slow_down')) return 'too_many'
  return hasCode(error, 'identity_provider_unavailable') ? 'away' : undefined
}
