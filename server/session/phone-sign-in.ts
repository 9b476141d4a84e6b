import type { FastifyReply, FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import type { Cookies } from '../http/cookies.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import { publicPerson } from '../identity/person-key.ts'
import { type Randomness, SECRET_LENGTH } from '../randomness.ts'
import type { CurrentSession } from './current-session.ts'
import { sessionIdOf } from './session.ts'
import type { SessionService } from './session-service.ts'

interface PhoneSignInOptions {
  sessions: Pick<SessionService, 'open'>
  current: Pick<CurrentSession, 'idInCookie'>
  cookies: Cookies
  randomness: Randomness
}

export interface ProvenPerson {
  user: User
  /** How they proved who they are: `identity/amr.ts`. */
  amr: string[]
  /** When that was, in epoch milliseconds. Left out: now. */
  provenAt?: number
  by: RequestContext
}

/**
 * Signs a phone in as somebody who has just proved, in whatever way, who they are. Makes a new secret each time, so
 * that nobody can plant a session. Ends the session that the phone's cookie named until then.
 * @returns the reply's body
 * @throws ScanInError `invalid_credentials`: they have just been blocked
 */
export type SignInPhone = (
  request: FastifyRequest,
  reply: FastifyReply,
  person: ProvenPerson,
) => Promise<{ user: { id: string; name: string } }>

export function createPhoneSignIn({ sessions, current, cookies, randomness }: PhoneSignInOptions): SignInPhone {
  return async (request, reply, { user, amr, provenAt, by }) => {
    const { address: ip, device: browser } = by
    const secret = randomness.text(SECRET_LENGTH)
    const proof = { amr, ...(provenAt === undefined ? {} : { provenAt }) }
    const fresh = { secret, user, kind: 'phone', remember: true, browser, ip, ...proof } as const
    const maxAge = await sessions.open(fresh, { replaces: current.idInCookie(request), by })
    if (maxAge === undefined) throw new ScanInError('invalid_credentials')
    Object.assign(request.labels, { session: sessionIdOf(secret), ...publicPerson(user) })
    reply.header('set-cookie', cookies.set(cookies.sessionName, secret, maxAge))
    return { user: { id: user.id, name: user.name } }
  }
}
