import { hashSecret } from '../hashes.ts'
import type { User } from '../identity/identity.ts'
import { type Person, subjectOf } from '../identity/person-key.ts'
import type { Session } from '../session/session.ts'

/** How somebody came to be signed in: by a phone's confirmation, or a phone itself by its password. */
export const ACR = { scanned: 'urn:scanin:acr:phone', phone: 'urn:scanin:acr:password' } as const

/** OpenID Connect Core §2: ASCII, 255 characters at the most. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/

const HASHED = 'sha256|'

/** A person's `sub`: the same in every token for every client. */
export function subOf(person: Person): string {
  const subject = subjectOf(person)
  return SUBJECT.test(subject) && !subject.startsWith(HASHED) ? subject : HASHED + hashSecret(subject)
}

export function acrOf({ kind }: Pick<Session, 'kind'>): string {
  return kind === 'browser' ? ACR.scanned : ACR.phone
}

/**
 * How somebody was signed in, in the words of RFC 8176: our own accounts' phones by password (`pwd`; of the others their
 * provider knows), then over a second channel (`mca`), by a person who was there and confirmed (`user`).
 */
export function amrOf({ kind, user }: Pick<Session, 'kind' | 'user'>): string[] {
  const byPhone = user.source === undefined ? ['pwd'] : []
  return kind === 'browser' ? [...byPhone, 'mca', 'user'] : byPhone
}

/** What clients may be told of a person; which of it, their scopes decide. Of now, whatever it was at the sign-in. */
export function claimsOf(user: User, username: string | undefined): Record<string, unknown> {
  return {
    sub: subOf(user),
    name: user.name,
    preferred_username: username ?? user.id,
    ...(user.email === undefined ? {} : { email: user.email }),
    ...(user.groups === undefined ? {} : { groups: user.groups }),
  }
}
