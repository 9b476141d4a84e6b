import type { KoaContextWithOIDC } from 'oidc-provider'
import { hashSecret } from '../hashes.ts'
import { LONGEST_RETURN_TO } from '../http/return-to.ts'
import { DEFAULT_SCOPE } from './client.ts'

/** How a request for a login goes through the login page and back: in its address, and kept nowhere else. */

const AUTHORIZE = '/oauth/authorize'
/** A new sign-in was asked for: from when on, in epoch milliseconds. The client can check it too, by `auth_time`. */
const SINCE = 'signed_in_since'

/** The hash of the `sub` that is meant: the ID token that hinted at it must not stand in addresses and logins. */
const MEANT = 'signed_in_as'

/** What is left for it of a `return_to`, which has the path and the time beside it. */
const MOST_CHARACTERS = LONGEST_RETURN_TO - 100

/**
 * The login page, from which the browser comes back with the same request.
 * `undefined`: the request is too long to come back.
 * @param since only who signs in from then on will do, in epoch milliseconds
 * @param meant the `sub` that an ID token has hinted at
 */
export function returnAddress(
  params: Record<string, unknown>,
  { since, meant }: { since: number | undefined; meant: string | undefined },
): string | undefined {
  const { prompt: _answered, id_token_hint: _looked, max_age: age, ...rest } = params
  // A new sign-in is as new as can be, even where coming back takes longer than `max_age`.
  const isAgeToCheck = since === undefined && typeof age === 'string'
  const asked = Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const query = new URLSearchParams(asked)
  if (isAgeToCheck) query.set('max_age', age)
  if (meant !== undefined) query.set(MEANT, hashSecret(meant))
  if (String(query).length > MOST_CHARACTERS) return undefined
  if (since === undefined) return `/?${new URLSearchParams({ return_to: `${AUTHORIZE}?${query}` })}`
  query.set(SINCE, String(since))
  return `/?${new URLSearchParams({ prompt: 'login', return_to: `${AUTHORIZE}?${query}` })}`
}

export function sinceOf(query: URLSearchParams): number | undefined {
  const text = query.get(SINCE)
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Whether this is the person who is meant; anybody is, where nobody is named. */
export function isMeant(query: URLSearchParams, sub: string): boolean {
  const meant = query.get(MEANT)
  return meant === null || meant === hashSecret(sub)
}

/** A request for a code, as an address has it. */
export interface CodeRequest {
  clientId: string
  redirectUri: string
  scope: string
}

/** Parameters that the provider refuses where they stand twice. It ignores all that it does not know. */
const SAID_ONCE = ['client_id', 'redirect_uri', 'response_type', 'scope']

/** The request for a code that a `return_to` of ours makes. `undefined`: it makes none, or says something of it twice. */
export function requestOf(returnTo: string): CodeRequest | undefined {
  if (!returnTo.startsWith(`${AUTHORIZE}?`)) return undefined
  // What follows a # is never sent.
  const [sent = ''] = returnTo.split('#', 1)
  const query = new URLSearchParams(sent.slice(AUTHORIZE.length))
  if (SAID_ONCE.some((name) => query.getAll(name).length > 1)) return undefined
  const clientId = query.get('client_id')
  const redirectUri = query.get('redirect_uri')
  const types = query.get('response_type')?.split(' ')
  if (clientId === null || redirectUri === null || !types?.every((type) => type === 'code')) return undefined
  return { clientId, redirectUri, scope: query.get('scope') || DEFAULT_SCOPE }
}

const NEW_LOGIN = ['login', 'consent', 'select_account']

/** Whether only a new login will do, whoever is signed in. */
export function asksForLogin({ prompts, params, session }: KoaContextWithOIDC['oidc']): boolean {
  if (NEW_LOGIN.some((prompt) => prompts.has(prompt))) return true
  const maxAge = params?.['max_age']
  return maxAge !== undefined && session?.past(Number(maxAge)) === true
}
