import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { type Cookies, readCookie } from '../http/cookies.ts'
import { bearerTokenOf } from '../http/origin-check.ts'
import type { IdentifiedSession, SessionService } from './session-service.ts'

/** The session behind a request's cookie. */
export interface CurrentSession {
  find(request: FastifyRequest): Promise<IdentifiedSession | undefined>
  /** @throws ScanInError `authentication_required` */
  require(request: FastifyRequest): Promise<IdentifiedSession>
}

export function createCurrentSession(sessions: SessionService, cookies: Cookies): CurrentSession {
  async function find(request: FastifyRequest): Promise<IdentifiedSession | undefined> {
    // A bearer request was excused from the origin check: its cookies count for nothing.
    if (bearerTokenOf(request.headers) !== undefined) return undefined
    const secret = readCookie(request.headers.cookie, cookies.sessionName)
    return secret ? sessions.authenticate(secret) : undefined
  }

  return {
    find,
    async require(request) {
      const found = await find(request)
      if (found === undefined) throw new ScanInError('authentication_required')
      return found
    },
  }
}
