import { ScanInError } from '../errors.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { InTurn, PasskeyGuard } from './passkey-guard.ts'
import type { OnPasskeyNews, PasskeyRefusal } from './passkey-news.ts'
import type { PersonAtPhone } from './passkeys.ts'
import { PasskeyRefused } from './refusal.ts'

interface PasskeyAttemptsOptions {
  guard: PasskeyGuard
  onNews: OnPasskeyNews
}

/** Runs a try, tells of a refusal, and throws it as what whoever tried may know of it. */
export type AttemptPasskey = <Result>(
  by: { by: RequestContext; person?: PersonAtPhone },
  type: 'refused' | 'sign_in_failed',
  code: 'passkey_required' | 'passkey_refused' | 'invalid_credentials',
  verify: (inTurn: InTurn) => Promise<Result>,
) => Promise<Result>

export function createPasskeyAttempts({ guard, onNews }: PasskeyAttemptsOptions): AttemptPasskey {
  return async ({ by, person }, type, code, verify) => {
    try {
      return await guard({ address: by.address, phoneId: person?.id, verify })
    } catch (error) {
      const refused = refusalIn(error)
      if (refused === undefined) throw error
      const isSlowed = error instanceof ScanInError
      const told: PasskeyRefusal['type'] = isSlowed && type === 'sign_in_failed' ? 'sign_in_slowed' : type
      onNews({ type: told, why: refused.why, user: person?.user ?? refused.owner, by })
      throw isSlowed ? error : new ScanInError(code, { cause: refused })
    }
  }
}

/** Why it was refused, in whatever that was thrown as. `undefined`: it was not. */
function refusalIn(error: unknown): PasskeyRefused | undefined {
  if (error instanceof PasskeyRefused) return error
  return error instanceof ScanInError && error.cause instanceof PasskeyRefused ? error.cause : undefined
}
