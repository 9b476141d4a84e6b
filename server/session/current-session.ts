import type { FastifyRequest } from 'fastify'
import { type Clock, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { tokenShownIn } from '../http/access-token.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import { publicPerson } from '../identity/person-key.ts'
import { type IdentifiedSession, sessionIdOf } from './session.ts'
import type { SessionService } from './session-service.ts'

/** The session behind a request's cookie. */
export interface CurrentSession {
  /**
   * The public id of the session that the request's cookie names, even if there is no such session, or a token is shown
   * beside it. For routes that replace the cookie or clear it; such a route says `changesSessionCookie`.
   */
  idInCookie(request: FastifyRequest): string | undefined
  /**
   * The token that the request shows, or its session's secret, unchecked. @throws ScanInError `authentication_required`
   */
  presentedSecret(request: FastifyRequest): string
  find(request: FastifyRequest): Promise<IdentifiedSession | undefined>
  /** @throws ScanInError `authentication_required` */
  require(request: FastifyRequest): Promise<IdentifiedSession>
  /** A new cookie that lasts as long as the session, where the one that came with the request would end earlier. */
  renewed(request: FastifyRequest): string | undefined
}

export function createCurrentSession(
  sessions: Pick<SessionService, 'authenticate'>,
  cookies: Cookies,
  clock: Clock,
): CurrentSession {
  const renewals = new WeakMap<FastifyRequest, string>()

  function secretOf({ headers }: FastifyRequest): string | undefined {
    // A request that shows a token is excused from the origin check, so its cookies must not count.
    return tokenShownIn(headers) === undefined ? readCookie(headers.cookie, cookies.sessionName) : undefined
  }

  async function find(request: FastifyRequest): Promise<IdentifiedSession | undefined> {
    const secret = secretOf(request)
    const found = secret ? await sessions.authenticate(secret) : undefined
    if (found === undefined || secret === undefined) return undefined
    Object.assign(request.labels, { session: found.id, ...publicPerson(found.session.user) })
    const { isKept, endsAt } = found.session
    if (isKept) renewals.set(request, cookies.set(cookies.sessionName, secret, secondsUntil(endsAt, clock())))
    return found
  }

  return {
    presentedSecret(request) {
      const shown = tokenShownIn(request.headers)?.token ?? secretOf(request)
      if (shown === undefined) throw new ScanInError('authentication_required')
      return shown
    },
    find,
    renewed: (request) => renewals.get(request),
    idInCookie({ headers }) {
      const secret = readCookie(headers.cookie, cookies.sessionName)
      return secret ? sessionIdOf(secret) : undefined
    },
    async require(request) {
      const found = await find(request)
      if (found === undefined) throw new ScanInError('authentication_required')
      return found
    },
  }
}
