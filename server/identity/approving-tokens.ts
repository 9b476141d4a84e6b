import { randomBytes } from 'node:crypto'
import { ScanInError } from '../errors.ts'
import type { Randomness } from '../randomness.ts'
import { keyFrom, openSealed, sealed } from '../sealing.ts'
import type { BearerVerdict, BearerVerifier, User } from './identity.ts'
import type { NativeApp } from './native-apps.ts'
import { isSamePerson, personKey } from './person-key.ts'

/**
 * Native apps' opaque tokens that approve logins. One that is revoked looks as it did before: so each is kept with its
 * login, sealed, for as long as that may be collected, and whoever hands it over asks the provider once more.
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

export interface ApprovingTokensOptions {
  /** Left out: none are taken. */
  opaqueTokens?: OpaqueTokens | undefined
  randomness: Pick<Randomness, 'text'>
}

/** The provider is asked by the service itself, and by nobody's address. */
const NOWHERE = ''
/** Calls under way at once. */
const MOST_CALLS = 16
const RETRY_AFTER_SECONDS = 1

export function createApprovingTokens({ opaqueTokens, randomness }: ApprovingTokensOptions): ApprovingTokens {
  const key = opaqueTokens?.secret === undefined ? randomBytes(32) : keyFrom(opaqueTokens.secret, 'approving tokens')

  /** Many polls of one login are one call. */
  const underWay = new Map<string, Promise<BearerVerdict>>()

  function askOnce({ ask }: OpaqueTokens, token: string): Promise<BearerVerdict> {
    const shared = underWay.get(token)
    if (shared !== undefined) return shared
    if (underWay.size >= MOST_CALLS) {
      throw new ScanInError('identity_provider_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    const call = ask(token, NOWHERE).finally(() => underWay.delete(token))
    underWay.set(token, call)
    return call
  }

  return {
    seal({ user, token }) {
      const isOpaque = user.source === 'introspection' || user.source === 'userinfo'
      return opaqueTokens && isOpaque ? sealed(token, key, randomness, personKey(user)) : undefined
    },

    async isGood(sealedToken, user) {
      const token = openSealed(sealedToken, key, personKey(user))
      if (token === undefined || opaqueTokens === undefined) return true
      const verdict = await askOnce(opaqueTokens, token)
      return verdict.kind === 'person' && isSamePerson(verdict.user, user)
    },
  }
}
