import Type, { type Static } from 'typebox'
import type { User } from '../identity/identity.ts'

/** What a token says of its person, as it is kept of them. */
export type Told = Static<typeof toldRecord>

export const toldRecord = Type.Object({
  name: Type.String(),
  email: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
  /** Epoch milliseconds. Left out: nobody says. */
  issuedAt: Type.Optional(Type.Number()),
})

/** @param user as the token says that the person is */
export function toldBy({ name, email, groups }: User, issuedAt?: number): Told {
  return {
    name,
    ...(email !== undefined && { email }),
    ...(groups && { groups }),
    ...(issuedAt !== undefined && { issuedAt }),
  }
}

/** The person, called what was told of them and in those groups alone. */
export function asTold({ name: _name, email: _email, groups: _groups, ...who }: User, told: Told): User {
  const { issuedAt: _issuedAt, ...said } = told
  return { ...who, ...said }
}

/** What is to be known of a person by one more token. @returns `known` itself, where that stays as it is */
export function lastOf(known: Told | undefined, told: Told): Told {
  if (known === undefined) return told
  const [before, now] = [known.issuedAt, told.issuedAt]
  // The later one also where it says the same: whatever was issued in between is older than it.
  if (before !== undefined && now !== undefined && before !== now) return now > before ? told : known
  return wordsOf(told) === wordsOf(known) ? known : told
}

/** Providers list groups in any order. */
function wordsOf({ name, email, groups = [] }: Told): string {
  return JSON.stringify([name, email, ...groups.toSorted()])
}
