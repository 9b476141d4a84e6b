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
   * The public id of the session that its cookie names, whether or not there is one, and whatever is shown beside it: for
   * who takes the cookie's place or clears it. Such a route says `changesSessionCookie`.
   */
  idInCookie(request: FastifyRequest): string | undefined
  /** What it is signed in by, if it is: the token that it shows, or its session's secret. @throws ScanInError `authentication_required` */
  presentedSecret(request: FastifyRequest): string
  find(request: FastifyRequest): Promise<IdentifiedSession | undefined>
  /** @throws ScanInError `authentication_required` */
  require(request: FastifyRequest): Promise<IdentifiedSession>
  /** The cookie anew, for as long as its session is good by now: where the one that came with the request ends earlier. */
  renewed(request: FastifyRequest): string | undefined
}

export function createCurrentSession(
  sessions: Pick<SessionService, 'authenticate'>,
  cookies: Cookies,
  clock: Clock,
): CurrentSession {
  const renewals = new WeakMap<FastifyRequest, string>()

  function secretOf({ headers }: FastifyRequest): string | undefined {
    // Who shows a token was excused from the origin check: its cookies count for nothing.
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
