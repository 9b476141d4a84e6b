import type { User } from '../identity/identity.ts'
import { type Claims, personOfClaims, textOf } from '../identity/oidc-claims.ts'
import { isRecord } from '../is-record.ts'
import { isGoogle } from './provider-habits.ts'
import { ProviderRefused } from './refusal.ts'

/** Who of the provider's people may come in. */
export interface PeopleRules {
  issuer: string
  /** The claim that has a person's groups. */
  groupsClaim: string
  /** Left out: everybody whom the provider signs in to us. */
  allow: { groups: readonly string[]; domains: readonly string[] } | undefined
}

/** A person out of the provider's claims, if they may come in. @throws ProviderRefused `no_person`, `not_allowed` */
export function personAmong(claims: Claims, rules: PeopleRules): User {
  const verdict = personOfClaims({ ...claims, groups: groupsIn(claims, rules.groupsClaim) }, 'oidc')
  if (verdict.kind !== 'person') {
    throw new ProviderRefused('no_person', { detail: verdict.kind === 'refused' ? verdict.why : undefined })
  }
  if (!isAllowed(verdict.user, claims, rules)) throw new NotAllowed(verdict.user)
  return verdict.user
}

/** Refused, but known to the provider, so that the log can say who it was. */
export class NotAllowed extends ProviderRefused {
  readonly user: User

  constructor(user: User, why: 'not_allowed' | 'blocked' = 'not_allowed') {
    super(why)
    this.user = user
  }
}

/**
 * The claim of that name; if there is none, what the parts between its dots lead to (Keycloak's `realm_access.roles`;
 * others have dots in names). A text by itself is a list of one.
 */
export function groupsIn(claims: Claims, name: string): unknown {
  const found = Object.hasOwn(claims, name) ? claims[name] : name.split('.').reduce<unknown>(partOf, claims)
  return typeof found === 'string' && found !== '' ? [found] : found
}

function partOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isAllowed({ groups = [] }: User, claims: Claims, { allow, issuer }: PeopleRules): boolean {
  if (allow === undefined) return true
  const domain = domainOf(claims, issuer)
  return groups.some((group) => allow.groups.includes(group)) || allow.domains.some((known) => known === domain)
}

/**
 * Whether the rules leave somebody out by what is kept of them. Whoever may have come in by their domain stays: whether
 * the provider answered for their address is not kept.
 */
export function isLeftOut({ groups = [], email = '' }: User, { allow, issuer }: PeopleRules): boolean {
  if (allow === undefined || groups.some((group) => allow.groups.includes(group))) return false
  if (isGoogle(issuer)) return allow.domains.length === 0
  return !allow.domains.includes(domainIn(email))
}

/**
 * The domain that the provider answers for. An address that it did not verify is whatever its owner wrote; Google says by a
 * claim of its own whose organisation's an account is.
 */
function domainOf(claims: Claims, issuer: string): string | undefined {
  if (isGoogle(issuer)) return textOf(claims['hd'])?.toLowerCase()
  const email = claims['email_verified'] === true ? textOf(claims['email']) : undefined
  return email === undefined ? undefined : domainIn(email)
}

function domainIn(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase()
}
