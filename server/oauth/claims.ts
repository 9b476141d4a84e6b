import { hashSecret } from '../hashes.ts'
import { joinAmr } from '../identity/amr.ts'
import type { User } from '../identity/identity.ts'
import { type Person, subjectOf } from '../identity/person-key.ts'
import type { Session } from '../session/session.ts'

/** How somebody came to be signed in: by a phone's confirmation, or a phone itself by password, passkey or provider. */
export const ACR = {
  scanned: 'urn:scanin:acr:phone',
  password: 'urn:scanin:acr:password',
  passkey: 'urn:scanin:acr:passkey',
  provider: 'urn:scanin:acr:provider',
} as const

/** As far as a session says how it came to be. */
type SignedIn = Pick<Session, 'kind' | 'amr'> & { user: Pick<User, 'source'> }

/** Over a second channel (RFC 8176), which is what a scan is. */
const BY_SCAN = ['mca']

/** OpenID Connect Core §2: ASCII, 255 characters at the most. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/

const HASHED = 'sha256|'

/** A person's `sub`: the same in every token for every client. */
export function subOf(person: Person): string {
  const subject = subjectOf(person)
  return SUBJECT.test(subject) && !subject.toLowerCase().startsWith(HASHED) ? subject : HASHED + hashSecret(subject)
}

export function acrOf({ kind, amr = [], user }: SignedIn): string {
  if (kind === 'browser') return ACR.scanned
  if (user.source === 'oidc') return ACR.provider
  return amr.length > 0 && !amr.includes('pwd') ? ACR.passkey : ACR.password
}

/**
 * How somebody was signed in, in the words of RFC 8176: how the phone was (of the team's provider's people as far as that
 * says it; of native apps it knows), and of a browser how its owner confirmed, over a second channel.
 */
export function amrOfSession({ kind, amr }: Pick<Session, 'kind' | 'amr'>): string[] {
  return joinAmr(amr, kind === 'browser' ? BY_SCAN : [])
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
