import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import type { ClientAddresses } from '../../http/client-address.ts'
import { type Occasion, occasionOf } from '../../http/occasion.ts'
import { bearerTokenOf } from '../../http/origin-check.ts'
import type { BearerVerifier, CurrentPerson } from '../../identity/identity.ts'
import { publicPerson } from '../../identity/person-key.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import type { Phone } from '../login.ts'

/** Whose phone a request comes from. @throws ScanInError `authentication_required` */
export type AuthenticatePhone = (request: FastifyRequest) => Promise<Phone>

export interface PhoneAuthenticationOptions {
  current: CurrentSession
  /** Asked one after the other, until one decides. */
  bearerVerifiers: readonly BearerVerifier[]
  currentPerson: CurrentPerson
  clientAddresses: Pick<ClientAddresses, 'of'>
  /** Told why: who sets providers up has to find out, and who sends tokens has not. */
  onBearerRefused?: ((refusal: BearerRefusal) => void) | undefined
}

export interface BearerRefusal {
  /** Nothing of the token in it. */
  why: string
  by: Occasion
}

/** Nobody said when the token ends. */
const NO_KNOWN_END = Number.MAX_SAFE_INTEGER

/**
 * A phone is signed in by its own session, or as a native app by its bearer token. A browser that a phone signed in is
 * no phone: one approval must not breed others.
 */
export function createPhoneAuthentication(options: PhoneAuthenticationOptions): AuthenticatePhone {
  const { current, bearerVerifiers, currentPerson, clientAddresses, onBearerRefused } = options

  function refuse(why: string, request: FastifyRequest): never {
    onBearerRefused?.({ why, by: occasionOf(request, clientAddresses) })
    throw new ScanInError('authentication_required')
  }

  async function phoneOfToken(token: string, request: FastifyRequest): Promise<Phone> {
    const { address } = clientAddresses.of(request.raw)
    for (const verify of bearerVerifiers) {
      const verdict = await verify(token, address)
      if (verdict.kind === 'not_mine') continue
      if (verdict.kind === 'refused') return refuse(verdict.why, request)
      const user = currentPerson(verdict.user)
      if (user === undefined) return refuse('an account here has its id', request)
      Object.assign(request.labels, publicPerson(user))
      const id = `bearer:${user.source}:${user.id}`
      return { id, user, goodUntil: verdict.goodUntil ?? NO_KNOWN_END }
    }
    return refuse('it is of no kind that is set up', request)
  }

  return async (request) => {
    const token = bearerTokenOf(request.headers)
    if (token !== undefined) return phoneOfToken(token, request)
    const { id, session } = await current.require(request)
    if (session.kind !== 'phone') throw new ScanInError('authentication_required')
    return { id, user: session.user, ...(session.amr === undefined ? {} : { amr: session.amr }) }
  }
}
