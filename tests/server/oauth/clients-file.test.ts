import { describe, expect, test } from '@jest/globals'
import { DEVICE_GRANT, originsOf } from '../../../server/oauth/client.ts'
import { metadataOf } from '../../../server/oauth/client-metadata.ts'
import { createClients, isNative, parseClients } from '../../../server/oauth/clients-file.ts'

const WEB = { client_id: 'web', client_name: 'Web App', redirect_uris: ['https://web.example/cb'] }
const SECRET = { client_secret: 'a-secret-of-good-length' }

const parse = (...entries: object[]) => parseClients(JSON.stringify(entries))
const one = (others: object) => parse({ ...WEB, ...others })[0]

test('a client is read with all that may be said of it, and what is left out has a default', () => {
  expect(one({})).toEqual({
    id: 'web',
    name: 'Web App',
    redirectUris: ['https://web.example/cb'],
    secret: undefined,
    postLogoutRedirectUris: [],
    backchannelLogoutUri: undefined,
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
    logoUri: undefined,
    groups: undefined,
    signedBy: 'RS256',
  })
  const all = {
    ...SECRET,
    post_logout_redirect_uris: ['https://web.example/out'],
    backchannel_logout_uri: 'http://web.internal:8080/logout',
    grant_types: ['authorization_code', DEVICE_GRANT],
    scope: 'openid email',
    logo_uri: 'https://web.example/logo.svg',
    groups: ['staff'],
    id_token_signed_response_alg: 'EdDSA',
  }
  expect(one(all)).toMatchObject({
    secret: SECRET.client_secret,
    grantTypes: ['authorization_code', DEVICE_GRANT],
    scopes: ['openid', 'email'],
    groups: ['staff'],
    signedBy: 'EdDSA',
  })
})

test('YAML will do, and a file without a client too', () => {
  expect(parseClients('- client_id: web\n  client_name: Web\n  redirect_uris: [https://a.example/cb]\n')).toHaveLength(
    1,
  )
  expect(parseClients('[]')).toEqual([])
})

describe('a bad file is refused with one line that says where and why, and repeats nothing of it', () => {
  test.each([
    ['nothing', {}, 'client_id'],
    ['a key that is none', { ...WEB, redirect_uri: 'x' }, 'has a key that is none of client_id'],
    ['an id with a space', { ...WEB, client_id: 'my app' }, 'client_id must be of 1 to 255'],
    ['a name with a control', { ...WEB, client_name: 'We\u0007b' }, 'client_name must be of'],
    ['a name that turns around', { ...WEB, client_name: 'We\u202eb' }, 'client_name must be of'],
    ['an empty secret', { ...WEB, client_secret: '' }, 'client_secret must be of'],
    ['a secret that is short', { ...WEB, client_secret: 'fifteen-letters' }, 'client_secret must be of 16 to 255'],
    ['a secret that is long', { ...WEB, client_secret: 'x'.repeat(256) }, 'client_secret must be of 16 to 255'],
    ['no redirect address', { ...WEB, redirect_uris: [] }, 'redirect_uris must name at least one'],
    ['a relative redirect address', { ...WEB, redirect_uris: ['/cb'] }, 'redirect_uris 1 must be a full address'],
    ['one with a fragment', { ...WEB, redirect_uris: ['https://a.example/#x'] }, 'redirect_uris 1 must'],
    ['one with a star', { ...WEB, redirect_uris: ['https://a.example/cb', 'https://*.a.example/'] }, 'redirect_uris 2'],
    ['one with a password', { ...WEB, redirect_uris: ['https://u:p@a.example/'] }, 'redirect_uris 1 must'],
    ['one that is a script', { ...WEB, redirect_uris: ['javascript:alert(1)'] }, 'redirect_uris 1 must'],
    ['a scheme without a dot', { ...WEB, redirect_uris: ['app:/cb'] }, 'redirect_uris 1 must'],
    ['a private scheme with a secret', { ...WEB, ...SECRET, redirect_uris: ['com.a.app:/cb'] }, 'redirect_uris 1 must'],
    ['a bad way out', { ...WEB, post_logout_redirect_uris: ['out'] }, 'post_logout_redirect_uris 1 must'],
    ['a bad back channel', { ...WEB, backchannel_logout_uri: 'ftp://a.example/' }, 'backchannel_logout_uri must be'],
    [
      'a back channel with a password',
      { ...WEB, backchannel_logout_uri: 'https://u:p@a.example/out' },
      'backchannel_logout_uri has a password in it, and would not be called',
    ],
    [
      'a back channel with a user',
      { ...WEB, backchannel_logout_uri: 'https://u@a.example/out' },
      'backchannel_logout_uri has a password in it, and would not be called',
    ],
    ['a logo that is no picture', { ...WEB, logo_uri: 'data:text/html;base64,PGI+' }, 'logo_uri must be'],
    [
      'a logo that is too large',
      { ...WEB, logo_uri: `data:image/png;base64,${'A'.repeat(40_000)}` },
      'logo_uri must be',
    ],
    ['a bad logo', { ...WEB, logo_uri: 'data:image/png;base64,' }, 'logo_uri must be'],
    ['a grant that is none', { ...WEB, grant_types: ['password'] }, 'grant_types'],
    ['a refresh of nothing', { ...WEB, grant_types: ['refresh_token'] }, 'grant_types must have'],
    ['a scope that is none', { ...WEB, scope: 'openid admin' }, 'scope must be some of'],
    ['scopes without openid', { ...WEB, scope: 'profile' }, 'scope must have openid'],
    ['a grant that is none', { ...WEB, grant_types: ['code'] }, 'grant_types 0 must be one of authorization_code, '],
    ['an algorithm that is none', { ...WEB, id_token_signed_response_alg: 'none' }, 'alg must be one of RS256, EdDSA'],
    ['a group with a space at its end', { ...WEB, groups: ['staff', 'crew '] }, 'group 2 must be'],
    ['an algorithm that is none', { ...WEB, id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
  ])('%s', (_what, entry, why) => {
    const said = refusalOf(JSON.stringify([entry]))
    expect(said).toMatch(/^CLIENTS_FILE: line 1, entry 1: /)
    expect(said).toContain(why)
    for (const text of ['\n', '\u0007', '\u202e', 'my app', 'alert', 'u:p@', 'fifteen'])
      expect(said).not.toContain(text)
  })

  test.each([
    [{ client_id: 'my app' }, 3, 'client_id'],
    [{ client_name: ' Web' }, 4, 'client_name'],
    [{ redirect_uris: ['https://a.example/cb', '/cb'] }, 7, 'redirect_uris 2'],
    [{ redirect_uris: [] }, 5, 'redirect_uris'],
    [{ client_secret: 'short' }, 8, 'client_secret'],
    [{ post_logout_redirect_uris: ['out'] }, 9, 'post_logout_redirect_uris 1'],
    [{ backchannel_logout_uri: 'ftp://a.example/' }, 8, 'backchannel_logout_uri'],
    [{ logo_uri: 'javascript:' }, 8, 'logo_uri'],
    [{ scope: 'openid admin' }, 8, 'scope'],
    [{ grant_types: ['refresh_token'] }, 8, 'grant_types must'],
    [{ grant_types: ['authorization_code', 'password'] }, 10, 'grant_types 1'],
    [{ groups: ['staff', 'crew '] }, 10, 'group 2'],
  ])('by the line of what is wrong: %j', (fault, line, what) => {
    const { client_id, client_name, redirect_uris } = WEB
    const text = JSON.stringify([{ client_id, client_name, redirect_uris, ...fault }], undefined, 2)
    expect(refusalOf(text)).toMatch(`CLIENTS_FILE: line ${line}, entry 1: ${what} `)
  })

  test('two with one id', () => {
    expect(refusalOf(JSON.stringify([WEB, WEB]))).toContain('entry 2: its client_id is taken by entry 1')
  })
  test('one that is an audience of tokens for back ends, by its place, and never by its name', () => {
    const text = JSON.stringify([WEB, { ...WEB, client_id: 'orders' }])
    const said = refusalOf(text, ['stock', 'orders'])
    expect(said).toBe('CLIENTS_FILE: line 1, entry 2: its client_id is one of TOKEN_AUDIENCES')
    expect(parseClients(text, ['stock', 'order'])).toHaveLength(2)
  })
  test.each(['{}', '[{]', 'web'])('no list: %s', (text) => {
    expect(refusalOf(text)).toMatch(/^CLIENTS_FILE/)
  })
})

function refusalOf(text: string, audiences: readonly string[] = []): string {
  try {
    parseClients(text, audiences)
  } catch (error) {
    return String(error).replace(/^ListFileError: /, '')
  }
  throw new Error('it was not refused')
}

test.each([
  [{ redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb'] }, true],
  [{ redirect_uris: ['com.example.app:/cb'] }, true],
  [{ redirect_uris: ['https://web.example/cb'] }, false],
  [{ redirect_uris: ['http://127.0.0.1/cb'], ...SECRET }, false],
  [{ redirect_uris: [], grant_types: [DEVICE_GRANT] }, false],
  [{ redirect_uris: ['https://app.example/cb', 'com.example.app:/cb', 'http://localhost/cb'] }, true],
  [{ post_logout_redirect_uris: ['com.example.app:/out'] }, true],
  [{ redirect_uris: [], grant_types: [DEVICE_GRANT], post_logout_redirect_uris: ['com.example.app:/out'] }, true],
  [{ redirect_uris: ['https://web.example/cb', 'http://localhost/cb', 'http://web.internal/cb'] }, false],
  [{ redirect_uris: ['http://127.0.0.1/cb'], post_logout_redirect_uris: ['https://web.example/out'] }, true],
])('an application that runs on the person’s own machine may be on any port there: %j', (others, expected) => {
  const client = one(others)
  expect(client && isNative(client)).toBe(expected)
  expect(client && metadataOf(client)['application_type']).toBe(expected ? 'native' : 'web')
})

test.each([
  [{ redirect_uris: ['com.example.app:/cb', 'http://web.internal/cb'] }, 'redirect_uris 2'],
  [{ redirect_uris: ['com.example.app:/cb', 'https://localhost/cb'] }, 'redirect_uris 2'],
  [
    { redirect_uris: ['http://localhost/cb'], post_logout_redirect_uris: ['http://web.internal/'] },
    'post_logout_redirect_uris 1',
  ],
  [{ redirect_uris: ['http://web.internal/cb'], post_logout_redirect_uris: ['com.a.app:/out'] }, 'redirect_uris 1'],
])(
  'addresses of another machine beside those of the person’s own are refused where nobody could use them: %j',
  (others, where) => {
    expect(refusalOf(JSON.stringify([{ ...WEB, ...others }]))).toBe(
      `CLIENTS_FILE: line 1, entry 1: ${where} must not be http:// of another machine, nor https:// of this one, beside addresses on the person’s own machine`,
    )
  },
)

test('other clients take the place of the ones until now', () => {
  const clients = createClients()
  clients.replace(parse(WEB))
  expect(clients.find('web')?.name).toBe('Web App')
  clients.replace(parse({ ...WEB, client_id: 'other' }))
  expect([clients.find('web'), clients.find('other')?.id, clients.find('constructor')]).toEqual([
    undefined,
    'other',
    undefined,
  ])
})

test('pages of clients are at the origins of their redirect addresses, and native applications at none', () => {
  const clients = createClients()
  clients.replace(
    parse(WEB, { ...WEB, client_id: 'app', redirect_uris: ['com.example.app:/cb', 'http://127.0.0.1/cb'] }),
  )
  const known = ['https://web.example', 'http://127.0.0.1', 'null', 'com.example.app:', 'https://web.example/cb']
  expect(known.map(clients.haveOrigin)).toEqual([true, true, false, false, false])
  clients.replace([])
  expect(clients.haveOrigin('https://web.example')).toBe(false)
})

// `URL.canParse`, once it is compiled, says no to such a host on Node 20 and 22 (server/url.ts).
test('a host with letters beyond ASCII has its origin, however often it is asked for', () => {
  let without = 0
  for (let time = 0; time < 300_000; time++) if (originsOf(['https://bücher.example/cb']).length === 0) without++
  expect(without).toBe(0)
})
