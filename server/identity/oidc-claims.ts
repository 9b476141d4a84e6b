import type { User } from './identity.ts'

const LONGEST_TEXT = 255

/**
 * A person out of the claims of a token or a userinfo reply (OpenID Connect Core §5.1).
 * @returns `undefined` without a `sub`: nobody to sign in
 */
export function userOfClaims(claims: Readonly<Record<string, unknown>>): User | undefined {
  const id = textOf(claims['sub'])
  if (id === undefined) return undefined
  const email = textOf(claims['email'])
  const groups = claims['groups']
  return {
    id,
    name: textOf(claims['name']) ?? textOf(claims['preferred_username']) ?? email ?? id,
    ...(email === undefined ? {} : { email }),
    ...(Array.isArray(groups) ? { groups: groups.filter((group) => typeof group === 'string') } : {}),
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.length > 0 && claim.length <= LONGEST_TEXT ? claim : undefined
}
