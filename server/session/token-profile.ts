import Type, { type Static } from 'typebox'
import type { User } from '../identity/identity.ts'

/** What a token says of its person, as it is kept of them. */
export type TokenProfile = Static<typeof tokenProfileRecord>

export const tokenProfileRecord = Type.Object({
  name: Type.String(),
  email: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
  /** Epoch milliseconds. Left out: nobody says. */
  issuedAt: Type.Optional(Type.Number()),
})

/** @param user as the token says that the person is */
export function tokenProfileOf({ name, email, groups }: User, issuedAt?: number): TokenProfile {
  return {
    name,
    ...(email !== undefined && { email }),
    ...(groups && { groups }),
    ...(issuedAt !== undefined && { issuedAt }),
  }
}

/** The person, with the name, e-mail address and groups of the token alone. */
export function withProfile(
  { name: _name, email: _email, groups: _groups, ...who }: User,
  profile: TokenProfile,
): User {
  const { issuedAt: _issuedAt, ...said } = profile
  return { ...who, ...said }
}

/** What is known of a person after one more token. @returns `known` itself, where nothing changes */
export function laterProfile(known: TokenProfile | undefined, profile: TokenProfile): TokenProfile {
  if (known === undefined) return profile
  const [before, now] = [known.issuedAt, profile.issuedAt]
  // The later one even if it says the same, so that a token that was issued in between counts as older.
  if (before !== undefined && now !== undefined && before !== now) return now > before ? profile : known
  return wordsOf(profile) === wordsOf(known) ? known : profile
}

/** Providers list groups in any order. */
function wordsOf({ name, email, groups = [] }: TokenProfile): string {
  return JSON.stringify([name, email, ...groups.toSorted()])
}
