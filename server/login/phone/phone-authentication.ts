import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import { bearerTokenOf } from '../../http/origin-check.ts'
import type { BearerVerifier } from '../../identity/identity.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import type { Phone } from '../login.ts'

/** Whose phone a request comes from. @throws ScanInError `authentication_required` */
export type AuthenticatePhone = (request: FastifyRequest) => Promise<Phone>

/**
 * A phone is signed in by its own session, or as a native app by its bearer token. A browser that a phone signed in is
 * no phone: one approval must not breed others.
 */
export function createPhoneAuthentication(
  current: CurrentSession,
  bearerVerifiers: readonly BearerVerifier[],
): AuthenticatePhone {
  return async (request) => {
    const token = bearerTokenOf(request.headers)
    if (token === undefined) {
      const { id, session } = await current.require(request)
      if (session.kind !== 'phone') throw new ScanInError('authentication_required')
      return { id, user: session.user }
    }
    for (const verify of bearerVerifiers) {
      const user = await verify(token)
      if (user !== undefined) return { id: `bearer:${user.id}`, user }
    }
    throw new ScanInError('authentication_required')
  }
}
