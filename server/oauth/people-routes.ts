import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { queryOf } from '../http/query.ts'
import { requestContextOf } from '../http/request-context.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { isNavigating, isVisit } from '../http/visits.ts'
import type { SigningKeys } from '../keys/key-set.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SessionService } from '../session/session-service.ts'
import { DEFAULT_SCOPE } from './client.ts'
import { isMeant as isMeantBy, sinceOf } from './login-request.ts'
import type { OAuthPages } from './oauth-pages.ts'
import type { OAuthReplies } from './oauth-replies.ts'
import { PATHS } from './paths.ts'

interface PeopleRoutesOptions {
  replies: OAuthReplies
  pages: OAuthPages
  keys: Pick<SigningKeys, 'current'>
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  current: Pick<CurrentSession, 'find'>
  sessions: Pick<SessionService, 'signOut'>
}

const config = { isForPeople: true, isForAnyOrigin: true }
const forPeople = { config, schema: { hide: true } }
const forLeaving = { config: { ...config, step: 'finish' }, schema: { hide: true } } as const

/** Where applications send people's browsers: to sign in, and to sign out. */
export function peopleRoutes(app: TypedApp, options: PeopleRoutesOptions): void {
  const { pages, keys, cookies, clientAddresses, current, sessions } = options
  const { ask, send } = options.replies

  app.get(PATHS.authorization, forPeople, async (request, reply) => {
    // Before a code is counted: by pictures, a page could use up what its visitor may ask for.
    if (!isNavigating(request.headers)) throw new ScanInError('cross_site_request')
    const visitor = await current.find(request)
    const { query, isHintUnread } = await withReadableHint(request)
    // Nobody can say who was meant, so whoever it is has to sign in for this request.
    const since = isHintUnread ? Number.POSITIVE_INFINITY : sinceOf(query)
    const isFramed = !isVisit(request.headers)
    const isFormPost = String(query.getAll('response_mode')) === 'form_post'
    // Asks for a redirect, and then has the answer posted to where that would have led.
    if (isFormPost) query.delete('response_mode')
    const [scope, ...more] = query.getAll('scope')
    if (!scope && more.length === 0) query.set('scope', DEFAULT_SCOPE)
    const url = `${PATHS.authorization}?${query}`
    const isMeant = (sub: string) => isMeantBy(query, sub)
    const answer = await ask(request, { visitor, since, isMeant, isFramed, isFormPost }, { url })
    const { location } = answer.headers
    if (!isFormPost || typeof location !== 'string' || location.startsWith('/')) return send(reply, answer)
    return pages.post(reply, new URL(location))
  })

  app.get(PATHS.end_session, forLeaving, async (request, reply) => {
    const visitor = await current.find(request)
    // What goes wrong is told to a person, whatever their browser says that it takes.
    const headers = { accept: 'text/html' }
    // Where the hint cannot be read, the person is asked whether to sign out.
    const { query } = await withReadableHint(request)
    const answer = await ask(request, { visitor }, { headers, url: `${PATHS.end_session}?${query}` })
    const { signOut } = answer.found
    if (signOut === undefined) return send(reply, answer)
    // Only an ID token of this very session proves that the person wishes it.
    if (visitor !== undefined && signOut.hint?.sid !== visitor.id) return pages.askSignOut(reply, signOut)
    if (visitor !== undefined) {
      await sessions.signOut(visitor.id, requestContextOf(request, clientAddresses))
      reply.header('set-cookie', cookies.set(cookies.sessionName, '', 0))
    }
    return signOut.to === undefined ? pages.signedOut(reply) : reply.code(303).header('location', signOut.to).send()
  })

  // OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2 allow both. POST redirects: the cookie comes with the GET.
  const byGet =
    (path: string) =>
    async ({ body }: FastifyRequest, reply: FastifyReply) => {
      if (!Buffer.isBuffer(body)) throw new ScanInError('unsupported_media_type')
      const query = new URLSearchParams(body.toString())
      return reply.code(303).header('location', `${path}?${query}`).send()
    }
  app.post(PATHS.authorization, forPeople, byGet(PATHS.authorization))
  app.post(PATHS.end_session, forLeaving, byGet(PATHS.end_session))

  /** The query without an ID token hint whose key is not known any more: nothing in such a token can be believed. */
  async function withReadableHint(request: FastifyRequest): Promise<{ query: URLSearchParams; isHintUnread: boolean }> {
    const query = withIdTokensAlone(queryOf(request.url))
    const { published } = await keys.current()
    const { kid } = headerOf(query.get(HINT) ?? '')
    const isHintUnread = kid !== undefined && !published.keys.some((key) => key.kid === kid)
    if (isHintUnread) query.delete(HINT)
    return { query, isHintUnread }
  }
}

const HINT = 'id_token_hint'

/** The query without a hint that says it is another kind of token: the same keys sign those too (RFC 8725 §3.11). */
function withIdTokensAlone(query: URLSearchParams): URLSearchParams {
  const isOther = query.getAll(HINT).some((token) => (headerOf(token).typ ?? 'JWT') !== 'JWT')
  if (isOther) query.delete(HINT)
  return query
}

/** Of what is no token, nothing. */
function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return {}
  }
}
