import type { BearerVerifier, User } from './identity.ts'
import { refused } from './oidc-claims.ts'
import type { Person } from './person-key.ts'

/** Whether an operator has blocked somebody: they are nobody here, whatever they prove. Rejects with `store_unavailable`. */
export type IsBlocked = (person: Person) => Promise<boolean>

/** Refuses a blocked person's token, however good it is. */
export function bearersOfUnblocked(verifiers: readonly BearerVerifier[], isBlocked: IsBlocked): BearerVerifier[] {
  return verifiers.map((verify) => async (token, address) => {
    const verdict = await verify(token, address)
    const isOut = verdict.kind === 'person' && (await isBlocked(verdict.user))
    return isOut ? refused('its person is blocked') : verdict
  })
}

/** Nobody's: no id has a control character in it. */
const NOBODY: Person = { id: '\u0000' }

/**
 * Whether a user name is a blocked person's, whose password is as wrong as any. A name that nobody has is looked up as
 * well: the time tells nobody who there is.
 * @param accountOf whose account a user name is
 */
export function blockedNames(accountOf: (username: string) => User | undefined, isBlocked: IsBlocked) {
  return (username: string): Promise<boolean> => isBlocked(accountOf(username) ?? NOBODY)
}
