import { isRecord } from '../is-record.ts'
import type { BearerVerdict } from './identity.ts'
import { type Claims, textOf } from './oidc-claims.ts'

/**
 * What a token's claims have to say before it may speak for a person. Each function gives what is wrong, for the log, or
 * `undefined`.
 */

/** Where providers write which application a token was given to: RFC 9068, OpenID Connect, Okta, Entra, Keycloak before 25. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid', 'clientId']
/** Users that Keycloak and authentik make up for a client that signs in as itself. */
const MADE_UP_USER = /^service-account-|-client_credentials$/

/** A token of an application that speaks for itself (RFC 6749 §4.4, RFC 9068 §5: `sub` is then the client). */
export function faultOfMachine(claims: Claims): string | undefined {
  const isMachine =
    CLIENT_CLAIMS.some((name) => isClientItself(textOf(claims['sub']), textOf(claims[name]))) ||
    // Auth0.
    [claims['gty']].flat().includes('client-credentials') ||
    // Entra: said so, or by an application's object and no scope that a person gave.
    claims['idtyp'] === 'app' ||
    (claims['oid'] !== undefined && claims['oid'] === claims['sub'] && claims['scp'] === undefined) ||
    MADE_UP_USER.test(textOf(claims['preferred_username']) ?? textOf(claims['username']) ?? '')
  return isMachine ? 'it speaks for an application, and for no person' : undefined
}

function isClientItself(subject: string | undefined, client: string | undefined): boolean {
  // Auth0 writes `<client>@clients`.
  return client !== undefined && (subject === client || subject === `${client}@clients`)
}

const ACCESS_TOKEN = /^(application\/)?at\+jwt$/i
const ANY_JWT = /^(application\/)?jwt$/i
/** What Keycloak writes into `typ` of tokens that open no resource. */
const OTHER_TYPE = /^(id|refresh|offline|logout)$/i
const ACCESS_USE = /^access(_token)?$/
/** OpenID Connect Core §3.3.2.11: what an ID token is bound to; `events` is a logout token's. */
const MARKS = ['at_hash', 'c_hash', 's_hash', 'events']

/**
 * Another kind of token in place of an access token. One that says it is one (RFC 9068 §2.1) is believed; others are
 * known by what only other kinds have.
 * @param type the header's `typ`; left out where there is no header
 */
export function faultOfKind(claims: Claims, type?: unknown): string | undefined {
  if (typeof type === 'string' && ACCESS_TOKEN.test(type)) return undefined
  if (type !== undefined && !(typeof type === 'string' && ANY_JWT.test(type))) return 'its type is no access token'
  const use = claims['token_use']
  const isOther =
    OTHER_TYPE.test(textOf(claims['typ']) ?? '') ||
    (use !== undefined && !(typeof use === 'string' && ACCESS_USE.test(use))) ||
    MARKS.some((name) => claims[name] !== undefined) ||
    // Some providers put the nonce into access tokens too; those have a scope.
    (claims['nonce'] !== undefined && scopesOf(claims).length === 0)
  return isOther ? 'it is another kind of token than an access token' : undefined
}

/** RFC 9068 §2.2.3 and RFC 7662 §2.2: `scope`, with spaces; Okta and Entra: `scp`, a list or with spaces. */
export function faultOfScope(claims: Claims, needed: readonly string[]): string | undefined {
  const given = scopesOf(claims)
  return needed.every((scope) => given.includes(scope)) ? undefined : 'it lacks a scope of PHONE_JWT_SCOPE'
}

function scopesOf({ scope, scp }: Claims): string[] {
  return [scope, scp].flat().flatMap((text) => (typeof text === 'string' ? text.split(' ').filter(Boolean) : []))
}

/**
 * A token that is bound (RFC 7800): to a key that DPoP proofs show (RFC 9449 §6), or to what is not checked here, as a
 * client certificate. That one is refused: whoever bound it counts on the check.
 */
export function faultOfBinding({ cnf, token_type: type }: Claims): string | undefined {
  if (cnf === undefined) return /^dpop$/i.test(textOf(type) ?? '') ? 'it says DPoP, and not by which key' : undefined
  const isKey = isRecord(cnf) && Object.keys(cnf).length === 1 && THUMBPRINT.test(textOf(cnf['jkt']) ?? '')
  return isKey ? undefined : 'it is bound to something that is not checked here'
}

/** SHA-256 in base64url (RFC 9449 §6.1). */
const THUMBPRINT = /^[\w-]{43}$/

/** Who a token without a `faultOfBinding` speaks for, with the key that it is bound to. */
export function withKeyOf({ cnf }: Claims, verdict: BearerVerdict): BearerVerdict {
  const keyThumbprint = isRecord(cnf) ? textOf(cnf['jkt']) : undefined
  return verdict.kind === 'person' && keyThumbprint !== undefined ? { ...verdict, keyThumbprint } : verdict
}

export function isMeantFor(claims: Claims, audience: string): boolean {
  return [claims['aud']].flat().includes(audience)
}
