import type { BearerVerdict, IdentitySource, User } from './identity.ts'
import { isEmail, isGroup, isId, isName } from './names.ts'

export type Claims = Readonly<Record<string, unknown>>

/**
 * A person out of the claims of a token, an introspection or a userinfo reply (OpenID Connect Core §5.1). Whatever of
 * them is not as `names.ts` has it is refused: a name that were mended here might become another person's. An address
 * that is marked as unverified is left out: its owner may have written anybody's.
 */
export function personOfClaims(claims: Claims, source: IdentitySource): BearerVerdict {
  const id = textOf(claims['sub'])
  if (id === undefined) return refused('it names nobody (sub)')
  if (!isId(id)) return refused('sub is no id')
  const email = isUnverified(claims) ? undefined : textOf(claims['email'])
  const name =
    textOf(claims['name']) ?? textOf(claims['preferred_username']) ?? textOf(claims['username']) ?? email ?? id
  const groups = groupsOf(claims['groups'])
  if (!isName(name)) return refused('name is no name')
  if (email !== undefined && !isEmail(email)) return refused('email is no address')
  if (groups !== undefined && !groups.every(isGroup)) return refused('one of its groups is no group')
  const user: User = {
    id,
    name: name.normalize('NFC'),
    ...(email === undefined ? {} : { email: email.normalize('NFC') }),
    ...(groups === undefined ? {} : { groups: groups.map((group) => group.normalize('NFC')) }),
    source,
  }
  const { exp: endsAt, iat: beganAt } = claims
  return {
    kind: 'person',
    user,
    ...(typeof endsAt === 'number' ? { goodUntil: endsAt * 1000 } : {}),
    ...(typeof beganAt === 'number' ? { issuedAt: beganAt * 1000 } : {}),
  }
}

/** Some providers write the mark as a text. */
function isUnverified({ email_verified: mark }: Claims): boolean {
  return mark === false || (typeof mark === 'string' && mark.toLowerCase() === 'false')
}

/** Claims, and what another answer says of the same person beyond them. The mark of an address stays with that address. */
export function completedBy(claims: Claims, more: Claims): Claims {
  const { email_verified: _own, ...all } = { ...more, ...claims }
  const [said, other] = claims['email'] === undefined ? [more, claims] : [claims, more]
  const isOfSame = other['email'] === undefined || other['email'] === said['email']
  const mark = said['email_verified'] ?? (isOfSame ? other['email_verified'] : undefined)
  return mark === undefined ? all : { ...all, email_verified: mark }
}

export function refused(why: string): BearerVerdict {
  return { kind: 'refused', why }
}

/** Empty is as good as left out. */
export function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined
}

function groupsOf(claim: unknown): string[] | undefined {
  return Array.isArray(claim) ? claim.filter((group) => typeof group === 'string') : undefined
}
