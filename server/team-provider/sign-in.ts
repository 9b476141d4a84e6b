import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { hasCode, ScanInError } from '../errors.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { CurrentPerson } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { type Claims, textOf } from '../identity/oidc-claims.ts'
import { createQueues } from '../queues.ts'
import type { SignInPhone } from '../session/phone-sign-in.ts'
import type { SessionService } from '../session/session-service.ts'
import type { AuthorizationRequest } from './authorization-requests.ts'
import type { Grants } from './grants.ts'
import type { Logouts } from './logouts.ts'
import { NotAllowed, type PeopleRules, personAmong } from './people.ts'
import type { ProviderClient } from './provider-client.ts'
import { ProviderRefused } from './refusal.ts'
import { ASK_EVERY_MS } from './revalidation.ts'

interface SignInByProviderOptions {
  provider: Pick<ProviderClient, 'signIn'>
  rules: PeopleRules
  grants: Grants
  logouts: Pick<Logouts, 'cameSince'>
  sessions: Pick<SessionService, 'withdraw'>
  signInPhone: SignInPhone
  currentPerson: CurrentPerson
  clock: Clock
}

export interface Return {
  authorization: AuthorizationRequest
  /** That the person came back with. */
  query: string
  by: RequestContext
}

/** Signs a phone in as whom the provider names. @throws ProviderRefused; ScanInError `identity_provider_unavailable` */
export type SignInByProvider = (request: FastifyRequest, reply: FastifyReply, from: Return) => Promise<void>

const AT_ONCE = 16
const MOST_WAITING = 100
/** Names of methods (RFC 8176, and providers' own). */
const METHOD = /^[\w.:/-]{1,64}$/
const MOST_METHODS = 10

export function createSignInByProvider(options: SignInByProviderOptions): SignInByProvider {
  const { provider, rules, grants, logouts, sessions, signInPhone, currentPerson, clock } = options
  const calls = createQueues({
    atOnce: AT_ONCE,
    mostWaiting: MOST_WAITING,
    refusal: () => new ScanInError('identity_provider_unavailable'),
  })

  return async (request, reply, { authorization, query, by }) => {
    const begun = clock()
    const { claims, refreshToken } = await calls('', () => provider.signIn(query, authorization))
    const user = personAmong(claims, rules)
    if (currentPerson(user) === undefined) throw new ProviderRefused('id_taken')
    const saidAt = clock()
    const sid = textOf(claims['sid'])
    // Without a refresh token nobody can ask again, until the provider's word is over.
    const askAt = saidAt + (refreshToken === undefined ? LONGEST_SILENCE_MS : ASK_EVERY_MS)
    const grant = { user, saidAt, askAt, ...(sid === undefined ? {} : { sid }) }
    const credential = await grants.open(grant, refreshToken)
    const provenAt = provenAtOf(claims, saidAt)
    try {
      await signInPhone(request, reply, { user: { ...user, credential }, amr: amrOf(claims), provenAt, by })
    } catch (error) {
      // No session was opened by the grant, so no session's end would end it.
      await grants.discard(credential)
      throw hasCode(error, 'invalid_credentials') ? new NotAllowed(user, 'blocked') : error
    }
    const isOver = await logouts.cameSince(begun, { subject: user.id, sid }).catch(async (error: unknown) => {
      // They may have signed out there meanwhile. Without its grant, the session is good for nothing.
      await grants.discard(credential)
      throw error
    })
    if (!isOver) return
    await grants.end(credential)
    await sessions.withdraw(user, { credential, reason: 'signed_out', by })
  }
}

/** When they proved who they are, as the provider says: whoever was signed in there already has proved nothing now. */
function provenAtOf({ auth_time: at, iat }: Claims, now: number): number {
  if (typeof at !== 'number') return 0
  // By its own clock, which may be another than ours, how long ago that was.
  return typeof iat === 'number' ? now - Math.max(0, iat - at) * 1000 : Math.min(now, at * 1000)
}

/** As far as the provider says it. */
function amrOf({ amr }: Claims): string[] {
  const methods = Array.isArray(amr) ? amr.filter((one) => typeof one === 'string' && METHOD.test(one)) : []
  return [...new Set<string>(methods)].slice(0, MOST_METHODS)
}
