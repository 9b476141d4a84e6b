import { isOpenToAll } from '../team-provider/provider-habits.ts'
import { httpUrl } from '../url.ts'
import type { EnvironmentReader } from './environment.ts'

/** The team's provider, as the environment names it. */
export interface PhoneOidcConfig {
  issuer: string
  clientId: string
  clientSecret: string
  /** Left out: what is usual. */
  scopes: string | undefined
  /** What the button says. */
  label: string | undefined
  groupsClaim: string
  /** Who may come in. Left out: everybody whom the provider signs in to us. */
  allow: { groups: readonly string[]; domains: readonly string[] } | undefined
}

const TOGETHER = 'PHONE_OIDC_ISSUER, PHONE_OIDC_CLIENT_ID and PHONE_OIDC_CLIENT_SECRET go together'
/** `openid` among others with a space between (RFC 6749 §3.3). */
const SCOPES = /^(?=(.* )?openid( |$))[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/
/** One line that people can read. */
const LABEL = /^[^\p{C}]{1,60}$/u
const CLAIM = /^[\x21-\x7e]{1,200}$/
const GROUP_OR_DOMAIN = /^(@[\w-]+(\.[\w-]+)+|[^@\p{C}][^\p{C}]{0,254})$/u

export function readPhoneOidc(reader: EnvironmentReader): PhoneOidcConfig | undefined {
  const issuer = reader.explained('PHONE_OIDC_ISSUER', parseIssuer)?.text
  const clientId = reader.text('PHONE_OIDC_CLIENT_ID')
  const clientSecret = reader.text('PHONE_OIDC_CLIENT_SECRET')
  const scopes = reader.matching('PHONE_OIDC_SCOPES', SCOPES, 'scopes with a space between them, openid among them')
  const label = reader.matching('PHONE_OIDC_LABEL', LABEL, 'up to 60 characters in one line')
  const groupsClaim = reader.matching('PHONE_OIDC_GROUPS_CLAIM', CLAIM, 'the name of a claim')
  const allowed = reader.texts(
    'PHONE_OIDC_ALLOW',
    GROUP_OR_DOMAIN,
    'groups, and domains such as @example.com, with commas between them',
  )
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) {
    const needed = {
      PHONE_OIDC_ISSUER: issuer,
      PHONE_OIDC_CLIENT_ID: clientId,
      PHONE_OIDC_CLIENT_SECRET: clientSecret,
    }
    reader.rejectParts(TOGETHER, needed, [scopes, label, groupsClaim, allowed[0]])
    return undefined
  }
  if (isOpenToAll(issuer) && allowed.length === 0) {
    reader.reject('PHONE_OIDC_ALLOW', 'is needed with this issuer: everybody in the world can have an account there')
  }
  const [groups, domains] = [
    allowed.filter((entry) => !entry.startsWith('@')).map((group) => group.normalize('NFC')),
    allowed.filter((entry) => entry.startsWith('@')).map((entry) => entry.slice(1).toLowerCase()),
  ]
  return {
    ...{ issuer, clientId, clientSecret, scopes },
    label,
    groupsClaim: groupsClaim ?? 'groups',
    allow: allowed.length === 0 ? undefined : { groups, domains },
  }
}

/** As it was written: it is compared letter by letter with what the provider calls itself. */
function parseIssuer(text: string): { text: string } | string {
  const url = httpUrl(text)
  if (url === undefined) return 'has to be an http:// or https:// address'
  if (url.search !== '' || url.hash !== '') return 'has a query or a fragment, and no issuer has'
  return url.username === '' && url.password === '' ? { text } : 'has a password in it'
}
