import type { BearerVerifier, PasswordVerifier, User } from './identity.ts'
import { refused } from './oidc-claims.ts'
import type { Person } from './person-key.ts'

/** Whether an operator has blocked somebody: they are nobody here, whatever they prove. Rejects with `store_unavailable`. */
export type IsBlocked = (person: Person) => Promise<boolean>

/** A blocked person's token is as good as none, as it always was. */
export function bearersOfUnblocked(verifiers: readonly BearerVerifier[], isBlocked: IsBlocked): BearerVerifier[] {
  return verifiers.map((verify) => async (token, address) => {
    const verdict = await verify(token, address)
    const isOut = verdict.kind === 'person' && (await isBlocked(verdict.user))
    return isOut ? refused('its person is blocked') : verdict
  })
}

/**
 * A blocked person's password is as wrong as any. It is looked up while the password is checked, whether or not that is
 * right: nobody learns it by the time that it takes.
 * @param accountOf whose account a user name is
 */
export function passwordsOfUnblocked(
  verifyPassword: PasswordVerifier,
  accountOf: (username: string) => User | undefined,
  isBlocked: IsBlocked,
): PasswordVerifier {
  return async (username, password) => {
    const account = accountOf(username)
    const [user, isOut] = await Promise.all([
      verifyPassword(username, password),
      account === undefined ? false : isBlocked(account),
    ])
    return isOut ? undefined : user
  }
}
