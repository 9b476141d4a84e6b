import type { User } from '../identity/identity.ts'
import { urlOf } from '../url.ts'

/** An application that signs people in by OpenID Connect, as `CLIENTS_FILE` has it. */
export interface OAuthClient {
  id: string
  /** What people see. */
  name: string
  redirectUris: readonly string[]
  /** Left out: an application that can keep none, on a person's own device. */
  secret: string | undefined
  postLogoutRedirectUris: readonly string[]
  backchannelLogoutUri: string | undefined
  grantTypes: readonly GrantType[]
  /** What it may ask for at the most. */
  scopes: readonly Scope[]
  /** On the phone only one that is in a `data:` address is shown. */
  logoUri: string | undefined
  /** Who is in one of these may enter. Left out: everybody. */
  groups: readonly string[] | undefined
  /** What its ID tokens are signed by. */
  signedBy: SignedBy
}

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
export const GRANT_TYPES = ['authorization_code', 'refresh_token', DEVICE_GRANT] as const
export type GrantType = (typeof GRANT_TYPES)[number]

/** Says of an application that it has refresh tokens, and opens nothing by itself. */
export const OFFLINE = 'offline_access'
export const SCOPES = ['openid', 'profile', 'email', 'groups', OFFLINE] as const
export type Scope = (typeof SCOPES)[number]
/** RFC 6749 §3.3: who asks for none gets what is always there. */
export const DEFAULT_SCOPE: Scope = 'openid'

export const SIGNED_BY = ['RS256', 'EdDSA'] as const
export type SignedBy = (typeof SIGNED_BY)[number]

/** All clients, as their file is now. */
export interface Clients {
  find(id: string): OAuthClient | undefined
  /** Whether pages of one of them are at this origin. */
  haveOrigin(origin: string): boolean
}

/**
 * The origins of the pages at these addresses, as browsers name them. A native application's address has none: its
 * origin is `null`, which any page can send that hides its own.
 */
export function originsOf(redirectUris: readonly string[]): string[] {
  const origins = redirectUris.map((uri) => urlOf(uri)?.origin ?? 'null')
  return origins.filter((origin) => origin !== 'null')
}

/**
 * Which of the scopes that are asked for the client may have: the one for refresh tokens, if it may have those.
 * @param asked with a space between them
 */
export function scopesAmong({ scopes, grantTypes }: OAuthClient, asked: string): Scope[] {
  const names = asked.split(' ')
  const mayHave = (scope: Scope) => (scope === OFFLINE ? grantTypes.includes('refresh_token') : scopes.includes(scope))
  return SCOPES.filter((scope) => names.includes(scope) && mayHave(scope))
}

/** Whether this person may sign in to the application. */
export function maySignInTo({ groups }: OAuthClient, user: User): boolean {
  return groups === undefined || groups.some((group) => user.groups?.includes(group))
}
