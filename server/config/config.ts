import { type Brand, readBrand } from '../brand/brand.ts'
import { preparePassword } from '../identity/names.ts'
import type { Pace } from '../login/hold/pace-wire.ts'
import { LONGEST_HOLD_SECONDS } from '../login/hold/paces.ts'
import type { ConfirmMode, LoginPolicy, MatchMode } from '../login/login-policy.ts'
import type { SessionPolicy } from '../session/session-opening.ts'
import type { StoreChoice } from '../store/redis-place.ts'
import { type Environment, EnvironmentReader, parseUrl } from './environment.ts'
import { type PhoneOidcConfig, readPhoneOidc } from './phone-oidc-config.ts'
import { type PhoneTokenConfig, readPhoneTokens } from './phone-token-config.ts'
import { readStore, unreadRedis } from './store-config.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Everything that the environment decides, checked once at start. README.md has the table. */
export interface Config extends PhoneTokenConfig {
  host: string
  port: number
  /** Scheme and authority, no slash at the end: what the QR says and what origins are compared with. */
  publicUrl: string
  store: StoreChoice
  /** Variables that are set and not read, though they name a Redis to other programs. */
  unreadRedis: readonly string[]
  keyPrefix: string
  login: LoginPolicy
  pace: Pace
  session: SessionPolicy
  match: MatchMode
  confirm: ConfirmMode
  isCookieSecure: boolean
  /** Addresses and CIDRs of proxies, and how many of them a request passes. */
  trustProxy: readonly string[]
  trustProxyHops: number
  allowedOrigins: readonly string[]
  returnToOrigins: readonly string[]
  accounts: { kind: 'file'; path: string; hasDemoPassword: boolean } | { kind: 'demo'; password: string | undefined }
  /** Of OpenID Connect. Left out: none of it is served. */
  clientsFile: string | undefined
  /** Where phones' owners sign in, besides here. */
  phoneOidc: PhoneOidcConfig | undefined
  /** Applications behind forward auth, in a file. */
  appsFile: string | undefined
  /** Where addresses are, in a file of MaxMind's format. */
  geoipFile: string | undefined
  /** What iOS and Android are told of the team's native apps, in a file. */
  appLinksFile: string | undefined
  /** A minute and client address; 0: no limit. */
  rates: { loginsPerMinute: number; signInsPerMinute: number }
  /** Where audit events are sent. `secrets`: `whsec_…`, the newest first. */
  webhook: { url: string; secrets: readonly string[] } | undefined
  /** Back ends that tokens are made for; none: no tokens are. */
  tokenAudiences: readonly string[]
  signingKeys: { kind: 'file'; path: string } | { kind: 'store'; rotationMs: number }
  metrics: { host: string; port: number } | undefined
  /** Where operators ask, and by which token. */
  admin: { host: string; port: number; token: string } | undefined
  brand: Brand
  logLevel: LogLevel
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const MOST_PROXY_HOPS = 16
const YEAR_SECONDS = 31_536_000
const DAY_MS = 86_400_000

/**
 * Reads the configuration. What is bad is left to be thrown by its reader, so that the files that it names can be judged too.
 * @param lanAddress the address that other devices on the network reach this machine by
 * @param readFile for `NAME_FILE`, which names a file that holds the value of `NAME`
 */
export function readAllConfig(
  env: Environment,
  lanAddress: string,
  readFile: (path: string) => string,
): { config: Config; reader: EnvironmentReader } {
  const reader = new EnvironmentReader(env, readFile)
  const port = reader.integer('PORT', 3000, 0, 65_535)
  const publicUrl = reader.origin('PUBLIC_URL') ?? new URL(`http://${bracketed(lanAddress)}:${port}`).origin
  const metrics = readMetrics(reader, port)
  const store = readStore(reader)
  const cookieSecure = reader.oneOf('COOKIE_SECURE', ['auto', 'always', 'never'] as const, 'auto')

  const config: Config = {
    host: reader.text('HOST') ?? '0.0.0.0',
    port,
    publicUrl,
    store,
    unreadRedis: unreadRedis(reader, store),
    keyPrefix: reader.matching('KEY_PREFIX', /^[\w:.-]{0,64}$/, 'up to 64 of A-Z a-z 0-9 _ : . -') ?? 'scanin:',
    login: {
      lifeMs: reader.seconds('LOGIN_SECONDS', 300, 1, YEAR_SECONDS),
      confirmMs: reader.seconds('CONFIRM_SECONDS', 120, 1, YEAR_SECONDS),
      collectMs: reader.seconds('COLLECT_SECONDS', 60, 1, YEAR_SECONDS),
      qrRefreshMs: reader.seconds('QR_REFRESH_SECONDS', 30, 1, YEAR_SECONDS),
      qrOverlapMs: reader.seconds('QR_OVERLAP_SECONDS', 10, 0, YEAR_SECONDS),
    },
    pace: {
      interval: reader.integer('POLL_INTERVAL_SECONDS', 2, 1, 60),
      hold: reader.integer('POLL_HOLD_SECONDS', 2, 0, LONGEST_HOLD_SECONDS),
    },
    session: {
      lifeMs: reader.seconds('SESSION_SECONDS', 43_200, 1, YEAR_SECONDS),
      idleMs: reader.seconds('SESSION_IDLE_SECONDS', 3600, 1, YEAR_SECONDS),
      rememberMs: reader.seconds('REMEMBER_SECONDS', 2_592_000, 1, YEAR_SECONDS),
      most: reader.integer('MAX_SESSIONS', 50, 1, 10_000),
    },
    match: reader.oneOf('MATCH', ['auto', 'always', 'never'] as const, 'auto'),
    confirm: reader.oneOf('CONFIRM', ['auto', 'tap', 'passkey'] as const, 'auto'),
    isCookieSecure: cookieSecure === 'auto' ? publicUrl.startsWith('https:') : cookieSecure === 'always',
    ...readProxies(reader),
    allowedOrigins: reader.origins('ALLOWED_ORIGINS'),
    returnToOrigins: reader.origins('RETURN_TO_ORIGINS'),
    accounts: readAccounts(reader),
    clientsFile: reader.text('CLIENTS_FILE'),
    ...readPhoneTokens(reader, publicUrl),
    phoneOidc: readPhoneOidc(reader),
    appsFile: reader.text('APPS_FILE'),
    geoipFile: reader.text('GEOIP_FILE'),
    appLinksFile: reader.text('APP_LINKS_FILE'),
    rates: {
      loginsPerMinute: reader.integer('RATE_LOGINS_PER_MINUTE', 60, 0, 1_000_000),
      signInsPerMinute: reader.integer('RATE_SIGN_INS_PER_MINUTE', 10, 0, 1_000_000),
    },
    webhook: readWebhook(reader),
    tokenAudiences: reader.texts('TOKEN_AUDIENCES', AUDIENCE, 'names without spaces, with commas between them'),
    signingKeys: readSigningKeys(reader),
    metrics,
    admin: readAdmin(reader, port, metrics?.port),
    brand: readBrand(reader),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  }
  reader.refuseMisspelt()
  return { config: Object.freeze(config), reader }
}

function readProxies(reader: EnvironmentReader): Pick<Config, 'trustProxy' | 'trustProxyHops'> {
  const trustProxy = reader.cidrs('TRUST_PROXY')
  const trustProxyHops = reader.integer('TRUST_PROXY_HOPS', 1, 1, MOST_PROXY_HOPS)
  if (trustProxyHops > 1 && trustProxy.length === 0) reader.reject('TRUST_PROXY_HOPS', 'needs a TRUST_PROXY')
  return { trustProxy, trustProxyHops }
}

/** Standard Webhooks: 24 to 64 bytes in base64. With a space between, the new one and the one that it takes the place of. */
const WEBHOOK_SECRETS = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}( whsec_[A-Za-z0-9+/]{32,86}={0,2})*$/

function readWebhook(reader: EnvironmentReader): Config['webhook'] {
  const url = reader.explained('WEBHOOK_URL', parseWebhookUrl)?.href
  const secret = reader.matching('WEBHOOK_SECRET', WEBHOOK_SECRETS, 'whsec_ and 24 to 64 random bytes in base64')
  reader.rejectParts('WEBHOOK_URL and WEBHOOK_SECRET go together', { WEBHOOK_URL: url, WEBHOOK_SECRET: secret })
  return url === undefined || secret === undefined ? undefined : { url, secrets: secret.split(' ') }
}

function parseWebhookUrl(text: string): URL | string {
  return parseUrl(text, 'has a password in it, and would not be called: its signature says who calls')
}

/** What may stand in a list with commas between, without quotes or escapes in a token or a configuration. */
const AUDIENCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/

function readSigningKeys(reader: EnvironmentReader): Config['signingKeys'] {
  const path = reader.text('SIGNING_KEYS_FILE')
  const days = reader.optionalInteger('KEY_ROTATION_DAYS', 1, 3650)
  if (path === undefined) return { kind: 'store', rotationMs: (days ?? 90) * DAY_MS }
  if (days !== undefined) {
    reader.reject('KEY_ROTATION_DAYS', 'goes without SIGNING_KEYS_FILE: keys in a file are rotated by whoever keeps it')
  }
  return { kind: 'file', path }
}

function readMetrics(reader: EnvironmentReader, servicePort: number): Config['metrics'] {
  const host = reader.text('METRICS_HOST') ?? '127.0.0.1'
  const port = reader.optionalInteger('METRICS_PORT', 0, 65_535)
  // 0 is any free port.
  if (port === servicePort && port !== 0)
    reader.reject('METRICS_PORT', 'is the same as PORT; metrics have a port of their own')
  return port === undefined ? undefined : { host, port }
}

/** RFC 6750 §2.1. */
const ADMIN_TOKEN = /^[\w.~+/-]{32,512}={0,2}$/

function readAdmin(reader: EnvironmentReader, servicePort: number, metricsPort: number | undefined): Config['admin'] {
  const host = reader.text('ADMIN_HOST') ?? '127.0.0.1'
  const port = reader.optionalInteger('ADMIN_PORT', 0, 65_535)
  const token = reader.matching(
    'ADMIN_TOKEN',
    ADMIN_TOKEN,
    'a random one of 32 to 512 of A-Z a-z 0-9 _ . ~ + / - (openssl rand -hex 32): whoever guesses it can sign out and block everybody',
  )
  if (port === servicePort && port !== 0)
    reader.reject('ADMIN_PORT', 'is the same as PORT; operators have a port of their own')
  if (port !== undefined && port === metricsPort && port !== 0) {
    reader.reject(
      'ADMIN_PORT',
      'is the same as METRICS_PORT; metrics are at /metrics of ADMIN_PORT too, with its token',
    )
  }
  reader.rejectParts('ADMIN_PORT and ADMIN_TOKEN go together', { ADMIN_PORT: port, ADMIN_TOKEN: token })
  return port === undefined || token === undefined ? undefined : { host, port, token }
}

function readAccounts(reader: EnvironmentReader): Config['accounts'] {
  const path = reader.text('ACCOUNTS_FILE')
  const password = reader.text('DEMO_PASSWORD')
  if (password !== undefined && preparePassword(password) === undefined) {
    reader.reject('DEMO_PASSWORD', 'has control characters in it')
  }
  return path === undefined
    ? { kind: 'demo', password }
    : { kind: 'file', path, hasDemoPassword: password !== undefined }
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
