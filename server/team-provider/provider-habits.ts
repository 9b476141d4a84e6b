/** Where providers differ from the specification, and from each other. */

/** What is asked for unless the configuration says it. */
const SCOPES = ['openid', 'profile', 'email']
/** For a refresh token that outlives the person's session at the provider (OpenID Connect Core §11). */
const OFFLINE = 'offline_access'

const GOOGLE = 'https://accounts.google.com'
/** At these everybody in the world has an account, or can make one. */
const OPEN_TO_ALL = [
  GOOGLE,
  'https://gitlab.com',
  'https://appleid.apple.com',
  'https://www.linkedin.com/oauth',
  'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
]

/** Whether anybody in the world can have an account there, so that being signed in there says nothing of a team. */
export function isOpenToAll(issuer: string): boolean {
  return OPEN_TO_ALL.includes(withoutSlash(issuer))
}

export function isGoogle(issuer: string): boolean {
  return withoutSlash(issuer) === GOOGLE
}

/** Some have a slash at their end that their owners leave out. */
export function isSameIssuer(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other)
}

export interface Asking {
  issuer: string
  /** Of the configuration. */
  scopes: string | undefined
  /** Of the provider's metadata. */
  supported: readonly string[] | undefined
  /** The person is to show anew that it is them. */
  again: boolean
}

/** What an authorization request says besides the rules of the code flow: for what, and how the person is to be asked. */
export function wishesOf({ issuer, scopes, supported, again }: Asking): Record<string, string> {
  const scope = scopes ?? [...SCOPES, ...(supported?.includes(OFFLINE) ? [OFFLINE] : [])].join(' ')
  const prompts = [...(again ? ['login'] : []), ...(wantsConsent(issuer, scope) ? ['consent'] : [])]
  return {
    scope,
    ...(prompts.length === 0 ? {} : { prompt: prompts.join(' ') }),
    // The ID token then has to say when that was.
    ...(again ? { max_age: '0' } : {}),
    ...(isGoogle(issuer) ? { access_type: 'offline' } : {}),
  }
}

/**
 * A client that asks for offline access has to have the person asked (OpenID Connect Core §11), and Google gives a refresh
 * token at the first consent alone. At Entra people may have no right to consent: there their administrator has.
 */
function wantsConsent(issuer: string, scope: string): boolean {
  const { hostname } = new URL(issuer)
  const isEntra = hostname === 'login.microsoftonline.com' || hostname.endsWith('.ciamlogin.com')
  return isGoogle(issuer) || (scope.split(' ').includes(OFFLINE) && !isEntra)
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '')
}
