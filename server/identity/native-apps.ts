import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { type ShownToken, tokenShownIn } from '../http/access-token.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { type CheckProof, PROOF_ALGORITHMS } from './dpop.ts'
import type { BearerVerdict, BearerVerifier, CurrentPerson, User } from './identity.ts'
import { publicPerson } from './person-key.ts'

/** A native app that has shown its person's access token. */
export interface NativeApp {
  user: User
  token: string
  /** The token's end and its beginning, in epoch milliseconds. Left out: nobody said. */
  goodUntil?: number
  issuedAt?: number
  /** Of the key that the phone has, and has shown. Left out: the token is bound to none. */
  keyThumbprint?: string
}

/**
 * The native app that a request comes from. `undefined`: it shows no token.
 * @throws ScanInError `authentication_required`; `slow_down`; `identity_provider_unavailable`; `store_unavailable`
 */
export type AuthenticateNativeApp = (request: FastifyRequest) => Promise<NativeApp | undefined>

interface NativeAppsOptions {
  /** Asked one after the other, until one decides. */
  verifiers: readonly BearerVerifier[]
  checkProof: CheckProof
  currentPerson: CurrentPerson
  clientAddresses: Pick<ClientAddresses, 'of'>
  /** Told, and waited for, of each good token: its person as it says, and when it was issued, in epoch milliseconds. */
  onAccepted?: ((user: User, issuedAt?: number) => Promise<void>) | undefined
  /** Told why a token was refused: whoever sets a provider up has to find out, but not whoever sends tokens. */
  onRefused?: ((refusal: BearerRefusal) => void) | undefined
}

export interface BearerRefusal {
  /** Nothing of the token in it. */
  why: string
  by: RequestContext
}

function challengeOf({ scheme }: ShownToken, error: string): string {
  return scheme === 'dpop'
    ? `DPoP error="${error}", algs="${PROOF_ALGORITHMS.join(' ')}"`
    : 'Bearer error="invalid_token"'
}

type GoodToken = Extract<BearerVerdict, { kind: 'person' }>

/** Opens the door of native apps, who show a token in `Authorization`: see `AuthenticateNativeApp`. */
export function createNativeApps(options: NativeAppsOptions): AuthenticateNativeApp {
  const { verifiers, checkProof, currentPerson, clientAddresses, onAccepted, onRefused } = options

  async function verdictOn(token: string, address: string): Promise<Exclude<BearerVerdict, { kind: 'not_mine' }>> {
    for (const verify of verifiers) {
      const verdict = await verify(token, address)
      if (verdict.kind !== 'not_mine') return verdict
    }
    return { kind: 'refused', why: 'it is of no kind that is set up' }
  }

  /** What is wrong with how a token is shown: one that is bound to a key needs a proof of it (RFC 9449 §7.1). */
  async function faultOfShowing({ scheme, token }: ShownToken, { keyThumbprint }: GoodToken, request: FastifyRequest) {
    if (keyThumbprint === undefined) return scheme === 'dpop' ? 'it is shown as DPoP, and bound to no key' : undefined
    const proof = request.headers['dpop']
    if (scheme !== 'dpop' || typeof proof !== 'string') return 'it is bound to a key, and shown without a proof of it'
    const { method, url: path = '' } = request.raw
    return checkProof({ token, keyThumbprint, proof, method: method ?? '', path })
  }

  return async (request) => {
    const shown = tokenShownIn(request.headers)
    if (shown === undefined) return undefined

    const refuse = (why: string, error = 'invalid_token'): never => {
      onRefused?.({ why, by: requestContextOf(request, clientAddresses) })
      throw new ScanInError('authentication_required', { challenge: challengeOf(shown, error) })
    }

    const verdict = await verdictOn(shown.token, clientAddresses.of(request.raw).address)
    if (verdict.kind === 'refused') return refuse(verdict.why)
    const fault = await faultOfShowing(shown, verdict, request)
    if (fault !== undefined) return refuse(fault, 'invalid_dpop_proof')
    const { kind: _kind, ...app } = verdict
    const user = currentPerson(app.user)
    if (user === undefined) return refuse('an account here has its id')
    Object.assign(request.labels, publicPerson(user))
    await onAccepted?.(user, app.issuedAt)
    return { ...app, user, token: shown.token }
  }
}
