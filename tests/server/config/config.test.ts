import { describe, expect, test } from '@jest/globals'
import { readConfig } from '../../support/read-config.ts'
import { placeOf } from '../../support/redis-server.ts'

const read = (env: Record<string, string>, files: Record<string, string> = {}) =>
  readConfig(env, '192.168.1.5', (path) => {
    const text = files[path]
    if (text === undefined) throw new Error('no such file')
    return text
  })

const WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const ADMIN_TOKEN = '6f1e0b5c9a7d4e3f8b2a1c0d9e8f7a6b'

describe('the configuration', () => {
  test('of an empty environment is complete', () => {
    expect(read({})).toEqual({
      confirm: 'auto',
      host: '0.0.0.0',
      port: 3000,
      publicUrl: 'http://192.168.1.5:3000',
      store: { kind: 'embedded' },
      unreadRedis: [],
      keyPrefix: 'scanin:',
      login: { lifeMs: 300_000, confirmMs: 120_000, collectMs: 60_000, qrRefreshMs: 30_000, qrOverlapMs: 10_000 },
      pace: { interval: 2, hold: 2 },
      session: { lifeMs: 43_200_000, idleMs: 3_600_000, rememberMs: 2_592_000_000, most: 50 },
      match: 'auto',
      isCookieSecure: false,
      trustProxy: [],
      trustProxyHops: 1,
      allowedOrigins: [],
      returnToOrigins: [],
      accounts: { kind: 'demo', password: undefined },
      phoneIntrospection: undefined,
      phoneJwt: undefined,
      phoneOidc: undefined,
      phoneScopes: [],
      phoneUserinfoUrl: undefined,
      rates: { loginsPerMinute: 60, signInsPerMinute: 10 },
      webhook: undefined,
      tokenAudiences: [],
      signingKeys: { kind: 'store', rotationMs: 7_776_000_000 },
      metrics: undefined,
      brand: {
        name: 'ScanIn',
        palette: undefined,
        logoPath: undefined,
        helpUrl: undefined,
        privacyUrl: undefined,
      },
      logLevel: 'info',
    })
  })

  test('keeps records in a folder that is named', () => {
    expect(read({ STORE_PATH: './data' }).store).toEqual({ kind: 'disk', path: './data' })
  })

  test.each([
    [{ REDIS_URL: 'redis://redis:6379' }, placeOf('redis://redis:6379')],
    [{ REDIS_URL: 'unix:/run/redis.sock' }, placeOf('unix:/run/redis.sock')],
    [
      { REDIS_CLUSTER: 'a:1, b:2' },
      {
        kind: 'cluster',
        isTls: false,
        login: {},
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    [
      { REDIS_SENTINELS: '[::1]:26379', REDIS_SENTINEL_NAME: 'main' },
      {
        ...{ kind: 'sentinel', sentinels: [{ host: '::1', port: 26379 }], isTls: false, name: 'main' },
        ...{ login: {}, sentinelLogin: {} },
      },
    ],
    [
      {
        ...{ REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'main', REDIS_PASSWORD: 'pw' },
        ...{ REDIS_SENTINEL_USERNAME: 'watcher', REDIS_SENTINEL_PASSWORD: 'other' },
      },
      {
        ...{ kind: 'sentinel', sentinels: [{ host: 'a', port: 1 }], isTls: false, name: 'main' },
        login: { password: 'pw' },
        sentinelLogin: { username: 'watcher', password: 'other' },
      },
    ],
    [
      { REDIS_CLUSTER: 'a:1', REDIS_USERNAME: 'ann', REDIS_PASSWORD: 'pw' },
      { kind: 'cluster', nodes: [{ host: 'a', port: 1 }], isTls: false, login: { username: 'ann', password: 'pw' } },
    ],
    [
      { REDIS_CLUSTER: 'rediss://a:1, rediss://[::1]:2' },
      {
        ...{ kind: 'cluster', isTls: true, login: {} },
        nodes: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
        ],
      },
    ],
    [{ REDIS_CLUSTER: 'redis://a:1' }, { kind: 'cluster', nodes: [{ host: 'a', port: 1 }], isTls: false, login: {} }],
    [
      { REDIS_SENTINELS: 'rediss://a:1', REDIS_SENTINEL_NAME: 'main' },
      {
        ...{ kind: 'sentinel', sentinels: [{ host: 'a', port: 1 }], isTls: true, name: 'main' },
        ...{ login: {}, sentinelLogin: {} },
      },
    ],
    [{ REDIS_URL: 'redis://ann:pw@a', REDIS_PASSWORD: 'other' }, placeOf('redis://ann:pw@a')],
  ])('knows each kind of Redis: %j', (env, place) => {
    expect(read(env).store).toEqual({ kind: 'redis', place, waitReplicas: 0 })
  })

  test.each([
    ['https://login.example.com', 'auto', true],
    ['http://login.example.com', 'auto', false],
    ['http://login.example.com', 'always', true],
    ['https://login.example.com', 'never', false],
  ])('%s with COOKIE_SECURE=%s has secure cookies: %s', (PUBLIC_URL, COOKIE_SECURE, expected) => {
    expect(read({ PUBLIC_URL, COOKIE_SECURE }).isCookieSecure).toBe(expected)
  })

  test.each(['\n', '\r\n', '\n\n', '\r\n\r\n'])(
    'reads a secret out of a file, without line ends behind it: %j',
    (end) => {
      const config = read({ DEMO_PASSWORD_FILE: '/run/secrets/demo' }, { '/run/secrets/demo': `from a file${end}` })
      expect(config.accounts).toEqual({ kind: 'demo', password: 'from a file' })
    },
  )

  test('takes a password with any white space that is no line end, and a list on several lines', () => {
    expect(read({ DEMO_PASSWORD: ' two  words ' }).accounts).toEqual({ kind: 'demo', password: ' two  words ' })
    expect(read({ TRUST_PROXY: '10.0.0.0/8,\n  ::1\n' }).trustProxy).toEqual(['10.0.0.0/8', '::1'])
    expect(read({ REDIS_CLUSTER: 'a:1,\n  b:2\n' }).store).toMatchObject({
      place: { nodes: [{ host: 'a' }, { host: 'b' }] },
    })
  })

  test('takes introspection with its client, an audience by itself and scopes', () => {
    const config = read({
      PHONE_INTROSPECTION_URL: 'https://id.example.com/introspect',
      PHONE_INTROSPECTION_CLIENT_ID: 'scanin',
      PHONE_INTROSPECTION_CLIENT_SECRET: 's3cret',
      PHONE_JWT_AUDIENCE: 'phones',
      PHONE_JWT_SCOPE: 'openid scanin',
    })
    const url = 'https://id.example.com/introspect'
    expect(config.phoneIntrospection).toEqual({ url, clientId: 'scanin', clientSecret: 's3cret', audience: 'phones' })
    expect([config.phoneJwt, config.phoneScopes]).toEqual([undefined, ['openid', 'scanin']])
  })

  test('takes the team’s provider, with who may come in and what the button says', () => {
    const named = {
      PHONE_OIDC_ISSUER: 'https://id.example.com/realms/team',
      PHONE_OIDC_CLIENT_ID: 'scanin',
      PHONE_OIDC_CLIENT_SECRET: 's3cret',
    }
    const provider = { issuer: 'https://id.example.com/realms/team', clientId: 'scanin', clientSecret: 's3cret' }
    expect(read(named).phoneOidc).toEqual({
      ...provider,
      scopes: undefined,
      label: undefined,
      groupsClaim: 'groups',
      allow: undefined,
    })
    const all = {
      PHONE_OIDC_SCOPES: 'openid groups',
      PHONE_OIDC_LABEL: 'Sign in with Example',
      PHONE_OIDC_GROUPS_CLAIM: 'realm_access.roles',
      PHONE_OIDC_ALLOW: 'staff, on call, @Example.com',
    }
    expect(read({ ...named, ...all }).phoneOidc).toEqual({
      ...provider,
      scopes: 'openid groups',
      label: 'Sign in with Example',
      groupsClaim: 'realm_access.roles',
      allow: { groups: ['staff', 'on call'], domains: ['example.com'] },
    })
    const google = { ...named, PHONE_OIDC_ISSUER: 'https://accounts.google.com' }
    expect(() => read(google)).toThrow('PHONE_OIDC_ALLOW (is needed with this issuer')
    expect(read({ ...google, PHONE_OIDC_ALLOW: '@example.com' }).phoneOidc?.issuer).toBe(google.PHONE_OIDC_ISSUER)
  })

  test.each([
    [{ PHONE_OIDC_ISSUER: 'https://id.example.com' }, ['PHONE_OIDC_CLIENT_ID', 'PHONE_OIDC_CLIENT_SECRET']],
    [{ PHONE_OIDC_ALLOW: 'staff' }, ['PHONE_OIDC_ISSUER', 'PHONE_OIDC_CLIENT_ID', 'PHONE_OIDC_CLIENT_SECRET']],
    [{ PHONE_OIDC_ISSUER: 'https://id.example.com/?realm=1' }, ['PHONE_OIDC_ISSUER']],
    [{ PHONE_OIDC_ISSUER: 'https://a:b@id.example.com' }, ['PHONE_OIDC_ISSUER']],
    [{ PHONE_OIDC_SCOPES: 'profile email' }, ['PHONE_OIDC_SCOPES']],
    [{ PHONE_OIDC_ALLOW: '@example' }, ['PHONE_OIDC_ALLOW']],
    [{ PHONE_OIDC_LABEL: 'x'.repeat(61) }, ['PHONE_OIDC_LABEL']],
  ])('refuses a provider that is half there or wrong, and names what: %j', (env, names) => {
    const attempt = () => read(env)
    for (const name of names) expect(attempt).toThrow(`${name} (`)
  })

  test('takes the issuer of native apps` tokens alone: it says where its keys are, and tokens are for this very service', () => {
    const [issuer, PUBLIC_URL] = ['https://id.example.com/realms/team', 'https://login.example.com']
    const [jwksUrl, audience] = ['https://id.example.com/jwks', 'phones']
    expect(read({ PUBLIC_URL, PHONE_JWT_ISSUER: issuer }).phoneJwt).toEqual({ issuer, audience: PUBLIC_URL })
    const all = { PHONE_JWT_ISSUER: 'the team', PHONE_JWT_JWKS_URL: jwksUrl, PHONE_JWT_AUDIENCE: audience }
    expect(read(all).phoneJwt).toEqual({ issuer: 'the team', jwksUrl, audience })
  })

  test('takes no empty file for a secret, and names the variable', () => {
    const attempt = () => read({ DEMO_PASSWORD_FILE: '/run/secrets/demo' }, { '/run/secrets/demo': '\n' })
    expect(attempt).toThrow('DEMO_PASSWORD_FILE (is an empty file)')
  })

  test('takes lists, and a public URL with a slash behind', () => {
    const config = read({
      PUBLIC_URL: 'https://login.example.com/',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      ALLOWED_ORIGINS: 'https://a.example.com,http://b.example.com:8080/,http://[::1]:3000,https://über_1.example',
    })
    expect(config.publicUrl).toBe('https://login.example.com')
    // As browsers write where they come from.
    expect(read({ PORT: '80' }).publicUrl).toBe('http://192.168.1.5')
    expect(config.trustProxy).toEqual(['10.0.0.0/8', '::1'])
    expect(read({ TRUST_PROXY: '10.0.0.1', TRUST_PROXY_HOPS: '2' }).trustProxyHops).toBe(2)
    expect(config.allowedOrigins).toEqual([
      ...['https://a.example.com', 'http://b.example.com:8080'],
      ...['http://[::1]:3000', 'https://xn--ber_1-jva.example'],
    ])
  })

  test('takes back ends that tokens are for, and where the keys for them are', () => {
    const config = read({ TOKEN_AUDIENCES: 'https://orders.example.com, stock', KEY_ROTATION_DAYS: '1' })
    expect(config.tokenAudiences).toEqual(['https://orders.example.com', 'stock'])
    expect(config.signingKeys).toEqual({ kind: 'store', rotationMs: 86_400_000 })
    expect(read({ SIGNING_KEYS_FILE: '/keys.json' }).signingKeys).toEqual({ kind: 'file', path: '/keys.json' })
  })

  test('takes an empty variable for an unset one, as in a Compose file', () => {
    expect(read({ PORT: '', REDIS_URL: '', TRUST_PROXY: '' })).toEqual(read({}))
  })
})

describe('a bad environment', () => {
  test.each([
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['PUBLIC_URL', 'login.example.com'],
    ['PUBLIC_URL', 'https://example.com/login'],
    ['PUBLIC_URL', 'https://user:secret@example.com'],
    ['PUBLIC_URL', 'ftp://example.com'],
    ['REDIS_URL', 'http://redis'],
    ['REDIS_CLUSTER', 'a:1,b'],
    ['REDIS_CLUSTER', 'rediss://a:1,b:2'],
    ['REDIS_CLUSTER', 'rediss://ann:secret@a:1'],
    ['REDIS_CLUSTER', 'rediss://a:1/0'],
    ['REDIS_SENTINELS', 'rediss://a:65536'],
    ['REDIS_WAIT_REPLICAS', '1'],
    ['KEY_PREFIX', 'with space'],
    ['LOGIN_SECONDS', '0'],
    ['LOGIN_SECONDS', '1.5'],
    ['POLL_HOLD_SECONDS', '26'],
    ['POLL_INTERVAL_SECONDS', '-1'],
    ['MATCH', 'sometimes'],
    ['COOKIE_SECURE', 'yes'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', 'everyone'],
    ['TRUST_PROXY', '10'],
    ['TRUST_PROXY', '010.0.0.1'],
    ['TRUST_PROXY', '::1/129'],
    ['TRUST_PROXY', 'fe80::1%eth0'],
    ['TRUST_PROXY', '10.1.0.0/'],
    ['TRUST_PROXY_HOPS', '0'],
    ['TRUST_PROXY_HOPS', '2'],
    ['ALLOWED_ORIGINS', 'https://a.example.com/path'],
    ['ALLOWED_ORIGINS', 'https://*.example.com'],
    ['ALLOWED_ORIGINS', 'https://a.example.com;'],
    ['RETURN_TO_ORIGINS', 'https://a.example.com, https://*.example.com'],
    ['PUBLIC_URL', 'https://*.example.com'],
    ['TOKEN_AUDIENCES', 'orders, , stock'],
    ['TOKEN_AUDIENCES', 'two words'],
    ['KEY_ROTATION_DAYS', '0'],
    ['PHONE_USERINFO_URL', 'file:///etc/passwd'],
    ['LOG_LEVEL', 'loud'],
    ['DEMO_PASSWORD_FILE', '/no/such/file'],
  ])('%s=%s is named, and its value is not repeated', (name, value) => {
    const attempt = () => read({ [name]: value })
    expect(attempt).toThrow(name)
    if (value.length > 6) expect(attempt).not.toThrow(value)
  })

  test.each(['STORE_PATH', 'PHONE_JWT_AUDIENCE', 'PHONE_OIDC_ISSUER', 'REDIS_SENTINEL_NAME', 'REDIS_URL'])(
    'of which nobody sees what is wrong with %s is refused',
    (name) => {
      for (const end of ['\r', '\n', '\t']) {
        expect(() => read({ [name]: `unix:/x${end}` })).toThrow(`${name} (has control characters in it`)
      }
      for (const text of ['unix:/x ', ' unix:/x', 'unix:/x\u00a0']) {
        expect(() => read({ [name]: text })).toThrow(`${name} (has white space at its ends)`)
      }
    },
  )

  test.each(['PHONE_OIDC_CLIENT_SECRET', 'PHONE_INTROSPECTION_CLIENT_SECRET', 'REDIS_PASSWORD'])(
    'of a line end that goes with %s is refused, by itself and inside a file',
    (name) => {
      expect(() => read({ [name]: 's3cret\n' })).toThrow(`${name} (has control characters in it`)
      expect(() => read({ [`${name}_FILE`]: '/s' }, { '/s': 's3\ncret' })).toThrow(
        `${name} (has control characters in it`,
      )
    },
  )

  test('is described in one message that names every bad variable', () => {
    const attempt = () => read({ PORT: 'x', MATCH: 'x', TRUST_PROXY: 'x', PHONE_JWT_ISSUER: 'x', LOGIN_SECONDS: 'x' })
    for (const name of ['PORT', 'MATCH', 'TRUST_PROXY', 'PHONE_JWT_ISSUER', 'LOGIN_SECONDS']) {
      expect(attempt).toThrow(name)
    }
  })

  test.each([
    [{ REDIS_URL: 'redis://a', REDIS_CLUSTER: 'a:1' }, 'only one of'],
    [{ REDIS_SENTINELS: 'a:1' }, 'go together'],
    [{ ALLOWED_ORIGINS: 'https://a.example.com,' }, 'ALLOWED_ORIGINS (has a comma too many'],
    [{ TRUST_PROXY: '10.0.0.1,,10.0.0.2' }, 'TRUST_PROXY (has a comma too many'],
    [{ REDIS_CLUSTER: 'rediss://a:1,b:2' }, 'REDIS_CLUSTER (has rediss:// at some and not at all'],
    [{ REDIS_SENTINELS: 'redis://a:1,rediss://b:2', REDIS_SENTINEL_NAME: 'main' }, 'all speak TLS, or none'],
    [{ REDIS_PASSWORD: 'x' }, 'there is no Redis'],
    [{ PORT: '80', METRICS_PORT: '80' }, 'METRICS_PORT (is the same as PORT'],
    [{ REDIS_SENTINEL_NAME: 'main' }, 'go together'],
    [{ REDIS_URL: 'redis://a', REDIS_SENTINEL_PASSWORD: 'x' }, 'REDIS_SENTINEL_PASSWORD (there are no Sentinels'],
    [{ PHONE_INTROSPECTION_URL: 'https://id.example.com/introspect' }, 'PHONE_INTROSPECTION_CLIENT_SECRET'],
    ...['PHONE_INTROSPECTION_URL', 'PHONE_USERINFO_URL', 'PHONE_JWT_JWKS_URL', 'HELP_URL', 'PRIVACY_URL'].map(
      (name): [Record<string, string>, string] => [
        { [name]: 'https://ann:pw@id.example.com/' },
        `${name} (may have no user name and no password in it`,
      ],
    ),
    [{ PHONE_JWT_SCOPE: 'scanin' }, 'goes with'],
    [{ PHONE_JWT_AUDIENCE: 'phones' }, 'PHONE_JWT_ISSUER (PHONE_JWT_AUDIENCE goes with it'],
    [{ PHONE_JWT_JWKS_URL: 'https://id.example.com/jwks' }, 'PHONE_JWT_ISSUER (PHONE_JWT_JWKS_URL goes with it'],
    [{ PHONE_JWT_ISSUER: 'https://id.example.com/?realm=a' }, 'without a query'],
    [{ DEMO_PASSWORD: 'a\u0007b' }, 'control characters'],
    [{ WEBHOOK_URL: 'https://hooks.example.com/' }, 'WEBHOOK_SECRET (WEBHOOK_URL and WEBHOOK_SECRET go together'],
    [{ WEBHOOK_SECRET }, 'WEBHOOK_URL (WEBHOOK_URL and WEBHOOK_SECRET go together'],
    [{ WEBHOOK_URL: 'ftp://hooks.example.com/', WEBHOOK_SECRET }, 'WEBHOOK_URL (has to be an http'],
    [{ WEBHOOK_URL: 'https://ann:pw@hooks.example.com/', WEBHOOK_SECRET }, 'WEBHOOK_URL (has a password in it'],
    ...['whsec_', 'secret', `whsec_${'A'.repeat(31)}`, `whsec_${'A'.repeat(90)}`, WEBHOOK_SECRET.replace('_', '-')].map(
      (secret): [Record<string, string>, string] => [
        { WEBHOOK_URL: 'https://hooks.example.com/', WEBHOOK_SECRET: secret },
        'WEBHOOK_SECRET (has to be whsec_',
      ],
    ),
    [{ ADMIN_PORT: '9465' }, 'ADMIN_TOKEN (ADMIN_PORT and ADMIN_TOKEN go together'],
    [{ ADMIN_TOKEN }, 'ADMIN_PORT (ADMIN_PORT and ADMIN_TOKEN go together'],
    [{ PORT: '80', ADMIN_PORT: '80', ADMIN_TOKEN }, 'ADMIN_PORT (is the same as PORT'],
    [{ METRICS_PORT: '81', ADMIN_PORT: '81', ADMIN_TOKEN }, 'ADMIN_PORT (is the same as METRICS_PORT'],
    ...['x'.repeat(31), `${ADMIN_TOKEN} with a space`, 'x'.repeat(513), ` ${ADMIN_TOKEN}`].map(
      (token): [Record<string, string>, string] => [
        { ADMIN_PORT: '9465', ADMIN_TOKEN: token },
        'ADMIN_TOKEN (has to be a random one of 32 to 512 of A-Z a-z 0-9 _ . ~ + / - (openssl rand -hex 32): whoever guesses it',
      ],
    ),
    [{ SIGNING_KEYS_FILE: '/keys.json', KEY_ROTATION_DAYS: '30' }, 'KEY_ROTATION_DAYS (goes without SIGNING_KEYS_FILE'],
    [{ DEMO_PASSWORD: 'x', DEMO_PASSWORD_FILE: '/run/secrets/demo' }, 'both'],
  ])('that contradicts itself is refused: %j', (env, why) => {
    expect(() => read(env)).toThrow(why)
  })
})

test("a secret's file may begin with the byte order mark of an editor", () => {
  const { admin } = readConfig(
    { ADMIN_PORT: '0', ADMIN_TOKEN_FILE: '/token' },
    '192.0.2.1',
    () => `\ufeff${ADMIN_TOKEN}\r\n`,
  )
  expect(admin?.token).toBe(ADMIN_TOKEN)
})

test.each([ADMIN_TOKEN, Buffer.alloc(32, 255).toString('base64'), `${ADMIN_TOKEN}-._~+/`])(
  'operators have a port of their own, by a token such as %s',
  (token) => {
    const { admin } = readConfig({ ADMIN_PORT: '0', ADMIN_TOKEN_FILE: '/token' }, '192.0.2.1', () => `${token}\n`)
    expect(admin).toEqual({ host: '127.0.0.1', port: 0, token })
  },
)

test("a webhook's secret may come with the one that it takes the place of, from a file too", () => {
  const other = `whsec_${Buffer.alloc(64, 7).toString('base64')}`
  const env = { WEBHOOK_URL: 'https://hooks.example.com/a?b', WEBHOOK_SECRET_FILE: '/run/secrets/webhook' }
  const { webhook } = readConfig(env, '192.0.2.1', () => `${WEBHOOK_SECRET} ${other}\n`)
  expect(webhook).toEqual({ url: env.WEBHOOK_URL, secrets: [WEBHOOK_SECRET, other] })
})
