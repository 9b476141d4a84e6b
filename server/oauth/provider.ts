import { createLocalJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Configuration, errors, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { KeySet, SigningKeys } from '../keys/key-set.ts'
import { lastProvenAt } from '../session/session.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type AuthorityOptions, createAuthorities } from './authorities.ts'
import { goodVisitor, stateOf } from './call-state.ts'
import { acrOf, amrOfSession, subOf } from './claims.ts'
import { SIGNED_BY } from './client.ts'
import { createOAuthRecords } from './oauth-records.ts'
import { configurationOf } from './provider-configuration.ts'
import { rotatedToken } from './refresh-tokens.ts'
import { REFUSALS, refusalOf } from './refusals.ts'
import type { TokenFamilies } from './token-families.ts'

interface ProviderOptions extends Omit<AuthorityOptions, 'oidc' | 'families'> {
  publicUrl: string
  allowedOrigins: readonly string[]
  keys: Pick<SigningKeys, 'current'>
  store: RecordStore
  /** Whole seconds that a device's code is kept. */
  deviceCodeSeconds: number
  families: TokenFamilies
}

/** The provider as it is now: its signing keys are a part of it, so another one takes its place as they change. */
export type CurrentProvider = () => Promise<Provider>

/** Loads the library: half a second and 27 MB, for who asks for it alone. Rejects as `keys.current` does. */
export async function createProvider(options: ProviderOptions): Promise<CurrentProvider> {
  const oidc = await import('oidc-provider')
  const authorities = createAuthorities({ ...options, oidc })
  const { adapter, useUp } = createOAuthRecords({ ...options, authorities })
  const configuration = configurationOf({ ...options, authorities, adapter, oidc })
  let made: { keySet: KeySet; provider: Provider } | undefined

  function make({ signers, published }: KeySet): Provider {
    const keys = [...signers.values()].map(({ jwk }) => ({ ...jwk }))
    const provider = new oidc.Provider(options.publicUrl, { ...configuration, jwks: { keys } } as Configuration)
    provider.Session.get = async (ctx) => sessionOf(provider, ctx as KoaContextWithOIDC)
    provider.IdToken.validate = hintsBy(createLocalJWKSet(published), options.publicUrl)
    // A refresh token says which one it takes the place of: that is how its record is found.
    const refreshTokens = provider.RefreshToken.prototype as unknown as { generateTokenId(): string }
    const { generateTokenId } = refreshTokens
    refreshTokens.generateTokenId = function () {
      const made = generateTokenId.call(this)
      const before = oidc.Provider.ctx?.oidc.entities.RotatedRefreshToken
      return before === undefined ? made : rotatedToken(before.jti, made)
    }
    // The last step of a token request: until all that is given is written, what was shown stays good. Then that is
    // used up, and the rest is given if the session is there still.
    provider.use(async (ctx, next) => {
      await next()
      const { asked, found } = stateOf(ctx)
      const { spent } = found
      if (spent === undefined || ctx.status !== 200) return
      const last = async () => {
        await useUp(spent, asked.by)
        await authorities.refuseEnded(found.grantingSession)
      }
      await last().catch((error: unknown) => {
        if (!(error instanceof oidc.errors.InvalidGrant)) {
          found.failure ??= error
          return
        }
        noteRefusal(ctx, error)
        ctx.status = error.statusCode
        ctx.body = { error: error.error, error_description: error.error_description }
      })
    })
    for (const event of REFUSALS) (provider as NodeJS.EventEmitter).on(event, noteRefusal)
    provider.on('server_error', (ctx, error) => {
      stateOf(ctx).found.failure ??= error
    })
    return provider
  }

  return async () => {
    const keySet = await options.keys.current()
    if (made?.keySet !== keySet) made = { keySet, provider: make(keySet) }
    return made.provider
  }
}

/** Notes a refusal. Of several, the last is what is answered. */
function noteRefusal(ctx: { state: unknown }, error: errors.OIDCProviderError): void {
  const { found } = stateOf(ctx)
  found.refusal = refusalOf(error, found)
}

const LONG_AGO = new Date(0)

/**
 * Reads an ID token that comes back as a hint, and may have expired. Every published key will do: also one that signs
 * no more has signed good ones, and the client may have had the other algorithm. Rejects what is no ID token, or
 * another client's.
 */
function hintsBy(published: JWTVerifyGetKey, issuer: string): Provider['IdToken']['validate'] {
  const known = { issuer, algorithms: [...SIGNED_BY], requiredClaims: ['sub'], currentDate: LONG_AGO }
  return async (token, { clientId: audience }) => {
    const expected = { ...known, audience }
    const { protectedHeader: header, payload } = await jwtVerify(token, published, expected)
    return { header: { ...header }, payload: { ...payload } }
  }
}

/** Stands for whoever asks to sign out while nobody is signed in, so that this takes the same way. */
const NOBODY = { accountId: 'nobody' }

/** The provider's idea of who is signed in: what our own session says, made anew for each request and kept nowhere. */
function sessionOf(provider: Provider, ctx: KoaContextWithOIDC) {
  const visitor = goodVisitor(stateOf(ctx).asked)
  const about = visitor && {
    uid: visitor.id,
    jti: visitor.id,
    accountId: subOf(visitor.session.user),
    loginTs: Math.floor(lastProvenAt(visitor.session) / 1000),
    acr: acrOf(visitor.session),
    amr: amrOfSession(visitor.session),
  }
  const nobody = ctx.oidc.route === 'end_session' ? NOBODY : undefined
  const Session = provider.Session as unknown as new (payload?: object) => InstanceType<typeof provider.Session>
  const session = new Session(about ?? nobody)
  // One session has one id, whichever client asks: its public one.
  if (visitor !== undefined) Object.defineProperty(session, 'sidFor', { value: () => visitor.id })
  ctx.oidc.entity('Session', session)
  return session
}
