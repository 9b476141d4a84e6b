import { type Randomness, SECRET_LENGTH } from '../randomness.ts'
import { keyFrom, openSealed, sealed } from '../sealing.ts'
import type { BearerVerifier, User } from './identity.ts'
import type { NativeApp } from './native-apps.ts'
import { isSamePerson, personKey } from './person-key.ts'
import { createSharedCalls, MOST_CALLS } from './provider-calls.ts'

/**
 * Native apps' opaque tokens that approve logins. A revoked one looks as it did before: so each is kept with its login,
 * sealed, for as long as that may be collected, and the hand-over asks the provider about it once more.
 */
export interface ApprovingTokens {
  /** As a store may have it. `undefined`: the token says by itself until when it is good, as a JWT does. */
  seal(app: Pick<NativeApp, 'user' | 'token'>): string | undefined
  /**
   * Whether the provider still says that it is this person's. One that another process has sealed under a key of its own
   * is taken as it was.
   * @throws ScanInError `identity_provider_unavailable`
   */
  isGood(sealedToken: string, user: User): Promise<boolean>
}

export interface OpaqueTokens {
  /** Asks the provider, each time. */
  ask: BearerVerifier
  /** Known to all instances, and in no store. Left out: each process seals under a key of its own. */
  secret?: string | undefined
}

interface ApprovingTokensOptions {
  /** Left out: none are taken. */
  opaqueTokens?: OpaqueTokens | undefined
  randomness: Pick<Randomness, 'text'>
}

/** No client's address: the service itself asks the provider. */
const NOWHERE = ''

/**
 * Seals opaque tokens that approve under the provider's secret, or where there is none under a key of this process
 * alone.
 */
export function createApprovingTokens({ opaqueTokens, randomness }: ApprovingTokensOptions): ApprovingTokens {
  const key = keyFrom(opaqueTokens?.secret ?? randomness.text(SECRET_LENGTH), 'approving tokens')
  const calls = createSharedCalls()

  return {
    seal({ user, token }) {
      const isOpaque = user.source === 'introspection' || user.source === 'userinfo'
      return opaqueTokens && isOpaque ? sealed(token, key, randomness, personKey(user)) : undefined
    },

    async isGood(sealedToken, user) {
      const token = openSealed(sealedToken, key, personKey(user))
      if (token === undefined || opaqueTokens === undefined) return true
      const verdict = await calls(token, MOST_CALLS, () => opaqueTokens.ask(token, NOWHERE))
      return verdict.kind === 'person' && isSamePerson(verdict.user, user)
    },
  }
}
