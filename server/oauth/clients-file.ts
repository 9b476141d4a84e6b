import Type, { type Static } from 'typebox'
import { createListFile, type Placed } from '../files/list-file.ts'
import { isGroup, isName } from '../identity/names.ts'
import { urlOf } from '../url.ts'
import { type Clients, DEVICE_GRANT, GRANT_TYPES, type OAuthClient, originsOf, SCOPES, SIGNED_BY } from './client.ts'
import { faultOfLogo } from './logos.ts'

const entry = Type.Object(
  {
    client_id: Type.String(),
    client_name: Type.String(),
    redirect_uris: Type.Array(Type.String()),
    client_secret: Type.Optional(Type.String()),
    post_logout_redirect_uris: Type.Optional(Type.Array(Type.String())),
    backchannel_logout_uri: Type.Optional(Type.String()),
    grant_types: Type.Optional(Type.Array(Type.Enum([...GRANT_TYPES]))),
    scope: Type.Optional(Type.String()),
    logo_uri: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String())),
    id_token_signed_response_alg: Type.Optional(Type.Enum([...SIGNED_BY])),
  },
  { additionalProperties: false },
)

type Entry = Static<typeof entry>

const file = createListFile({ variable: 'CLIENTS_FILE', what: 'client', plural: 'clients', entry })

/** RFC 6749 Appendix A.1, without what has to be escaped in an address or in a header of its own. */
const CLIENT_ID = /^[\w.~:/@+-]{1,255}$/
/** RFC 6749 Appendix A.2. Shorter ones could be guessed: 16 characters by chance are some 100 bits. */
const CLIENT_SECRET = /^[\x20-\x7e]{16,255}$/
/** RFC 8252 §7.3: the native application's own machine. */
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** As `parseClients`. Rejects with `ListFileError`. */
export async function readClientsFile(path: string, audiences: readonly string[]): Promise<OAuthClient[]> {
  return parseClients(await file.text(path), audiences)
}

/**
 * Reads a file of clients: JSON or YAML, a list.
 * @param audiences of tokens for back ends: what is made for one of them must not be taken for a client's
 * @throws ListFileError
 */
export function parseClients(text: string, audiences: readonly string[] = []): OAuthClient[] {
  const entries = file.parse(text)
  const clients = entries.map(clientOf)
  const taken = entries.find(({ value }) => audiences.includes(value.client_id))
  if (taken !== undefined) file.refuse(taken.place('client_id'), 'its client_id is one of TOKEN_AUDIENCES')
  file.refuseTwins(entries, ({ client_id }) => ({ client_id }))
  return clients
}

/**
 * Clients whose secret reads as another where it is sent as it is: `client_secret_basic` wants it form-encoded
 * (RFC 6749 §2.3.1), which many programs leave out.
 */
export function clientsWithUnencodedSecrets(clients: readonly OAuthClient[]): readonly OAuthClient[] {
  return clients.filter(({ secret }) => secret !== undefined && /[+%]/.test(secret))
}

/** Clients of which there are others at any time. */
export function createClients(): Clients & { replace(clients: readonly OAuthClient[]): void } {
  let byId = new Map<string, OAuthClient>()
  let origins = new Set<string>()
  return {
    find: (id) => byId.get(id),
    haveOrigin: (origin) => origins.has(origin),
    replace(clients) {
      byId = new Map(clients.map((client) => [client.id, client]))
      origins = new Set(clients.flatMap(({ redirectUris }) => originsOf(redirectUris)))
    },
  }
}

function clientOf(entry: Placed<Entry>): OAuthClient {
  refuseNames(entry)
  refuseAddresses(entry)
  refuseRights(entry)
  const { value } = entry
  const { redirect_uris: redirectUris, grant_types, scope } = value
  return {
    id: value.client_id,
    name: value.client_name.normalize('NFC'),
    redirectUris,
    secret: value.client_secret,
    postLogoutRedirectUris: value.post_logout_redirect_uris ?? [],
    backchannelLogoutUri: value.backchannel_logout_uri,
    grantTypes: grant_types ?? ['authorization_code', 'refresh_token'],
    scopes: scope === undefined ? SCOPES : SCOPES.filter((one) => scope.split(' ').includes(one)),
    logoUri: value.logo_uri,
    groups: value.groups?.map((group) => group.normalize('NFC')),
    signedBy: value.id_token_signed_response_alg ?? 'RS256',
  }
}

function refuseNames({ value: { client_id, client_name, client_secret }, place }: Placed<Entry>): void {
  if (!CLIENT_ID.test(client_id)) {
    file.refuse(place('client_id'), 'client_id must be of 1 to 255 letters, digits and . _ ~ : / @ + -')
  }
  if (!isName(client_name)) {
    const why = 'client_name must be of 1 to 255 characters that can be seen, no space at its ends'
    file.refuse(place('client_name'), why)
  }
  if (client_secret !== undefined && !CLIENT_SECRET.test(client_secret)) {
    const why = 'client_secret must be of 16 to 255 ASCII characters: make it by openssl rand -hex 32'
    file.refuse(place('client_secret'), why)
  }
}

function refuseAddresses(entry: Placed<Entry>): void {
  const { value, place } = entry
  refuseRedirects(entry)
  const fault = faultOfBackChannel(value)
  if (fault !== undefined) file.refuse(place('backchannel_logout_uri'), `backchannel_logout_uri ${fault}`)
  const why = faultOfLogoUri(value)
  if (why !== undefined) file.refuse(place('logo_uri'), why)
}

function faultOfBackChannel({ backchannel_logout_uri: uri }: Entry): string | undefined {
  if (uri === undefined) return undefined
  if (!isWebAddress(uri)) return 'must be an http:// or https:// address without a fragment'
  return hasUserinfo(uri) ? 'has a password in it, and would not be called: its token says who calls' : undefined
}

function faultOfLogoUri({ logo_uri: uri }: Entry): string | undefined {
  if (uri === undefined || isWebAddress(uri)) return undefined
  return uri.startsWith('data:') ? faultOfLogo(uri) : 'logo_uri must be an http://, https:// or data: address'
}

function refuseRedirects({ value, place }: Placed<Entry>): void {
  const { redirect_uris, post_logout_redirect_uris = [], client_secret } = value
  const grantTypes = value.grant_types ?? ['authorization_code']
  if (redirect_uris.length === 0 && grantTypes.includes('authorization_code')) {
    const why = 'redirect_uris must name at least one address, unless grant_types leaves authorization_code out'
    file.refuse(place('redirect_uris'), why)
  }
  const isPublic = client_secret === undefined
  const lists = Object.entries({ redirect_uris, post_logout_redirect_uris })
  const refuseFirstBad = (isGood: (uri: string) => boolean, why: string) => {
    for (const [key, uris] of lists) {
      const at = uris.findIndex((uri) => !isGood(uri))
      if (at !== -1) file.refuse(place(key, at), `${key} ${at + 1} must ${why}`)
    }
  }
  refuseFirstBad((uri) => isRedirectUri(uri, isPublic), REDIRECT_URI)
  if (areOfNative(isPublic, redirect_uris, post_logout_redirect_uris)) refuseFirstBad(mayBeOfNative, NO_OTHER_MACHINE)
}

function refuseRights({ value, place }: Placed<Entry>): void {
  const { grant_types = ['authorization_code'], scope, groups = [] } = value
  if (!grant_types.includes('authorization_code') && !grant_types.includes(DEVICE_GRANT)) {
    file.refuse(place('grant_types'), 'grant_types must have authorization_code or the device grant')
  }
  const fault = faultOfScopes(scope?.split(' ') ?? ['openid'])
  if (fault !== undefined) file.refuse(place('scope'), fault)
  const bad = groups.findIndex((group) => !isGroup(group))
  if (bad !== -1) file.refuse(place('groups', bad), `group ${bad + 1} must be of 1 to 255 characters that can be seen`)
}

function faultOfScopes(scopes: readonly string[]): string | undefined {
  if (scopes.some((one) => !SCOPES.some((known) => known === one))) {
    return `scope must be some of ${SCOPES.join(' ')}, with one space between them`
  }
  return scopes.includes('openid') ? undefined : 'scope must have openid'
}

const REDIRECT_URI =
  'be a full address without a fragment or *: https://, http://, or of a client without a secret a scheme such as com.example.app:'
const NO_OTHER_MACHINE =
  'not be http:// of another machine, nor https:// of this one, beside addresses on the person’s own machine'
/** RFC 8252 §7.1: a private scheme is a domain name turned around, so it has a dot. */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/

/** Compared as it is written: it must be written as a browser would (RFC 9700 §4.1.3). */
function isRedirectUri(text: string, isPublic: boolean): boolean {
  const url = urlOf(text)
  if (url === undefined || /[#*\s\\]/.test(text) || hasUserinfo(text)) return false
  const { protocol } = url
  if (protocol === 'https:' || protocol === 'http:') return true
  return isPublic && PRIVATE_SCHEME.test(protocol)
}

function isWebAddress(text: string): boolean {
  return urlOf(text) !== undefined && /^https?:\/\//i.test(text) && !text.includes('#')
}

function hasUserinfo(address: string): boolean {
  const { username, password } = new URL(address)
  return username !== '' || password !== ''
}

/** Whether it is one that runs on the person's own machine, where a loopback address may have any port (RFC 8252 §7.3). */
export function isNative({ secret, redirectUris, postLogoutRedirectUris }: OAuthClient): boolean {
  return areOfNative(secret === undefined, redirectUris, postLogoutRedirectUris)
}

/** One address with a scheme of its own is enough: nothing but an application on the machine answers there. */
function areOfNative(isPublic: boolean, redirectUris: readonly string[], waysOut: readonly string[]): boolean {
  if (!isPublic) return false
  if ([...redirectUris, ...waysOut].some(hasPrivateScheme)) return true
  return redirectUris.length > 0 && redirectUris.every(isLoopback)
}

/** https:// may be claimed by an application (RFC 8252 §7.2). */
function mayBeOfNative(uri: string): boolean {
  const { protocol, hostname } = new URL(uri)
  return protocol === 'https:' ? !LOOPBACK.has(hostname) : hasPrivateScheme(uri) || isLoopback(uri)
}

const hasPrivateScheme = (uri: string) => PRIVATE_SCHEME.test(new URL(uri).protocol)

function isLoopback(uri: string): boolean {
  const { protocol, hostname } = new URL(uri)
  return protocol === 'http:' && LOOPBACK.has(hostname)
}
