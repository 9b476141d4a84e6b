import type { Config } from '../config/config.ts'
import { areOffered } from '../passkeys/relying-party.ts'
import { isSameIssuer } from '../team-provider/provider-habits.ts'

export interface WelcomeOptions {
  config: Config
  version: string
  /** Made for this start, as nobody chose one. */
  madePassword: string | undefined
  /** Why the store does not work yet; `undefined`: it does. */
  storeTrouble: string | undefined
}

/** The system chooses one that is free. */
const ANY_PORT = '0'

/** What the person who starts ScanIn reads: where to go, as whom, what is kept where, what is not safe about it. */
export function welcome({ config, version, madePassword, storeTrouble }: WelcomeOptions): string {
  const lines = [
    ['Open', `${config.publicUrl}/ on the computer, and scan its code with a phone`],
    ['Sign in', signInLine(config, madePassword)],
    ['Store', storeLine(config, storeTrouble)],
    ...warnings(config).map((warning, at) => [at === 0 ? 'Careful' : '', warning]),
  ]
  const text = lines.map(([label = '', line = '']) => `  ${label.padEnd(9)}${line}`).join('\n')
  return `\nScanIn ${version}\n\n${text}\n\n`
}

function signInLine({ accounts }: Config, madePassword: string | undefined): string {
  if (accounts.kind === 'file') return 'on the phone with an account of ACCOUNTS_FILE'
  if (madePassword === undefined) return 'on the phone as demo, with your DEMO_PASSWORD'
  return `on the phone as demo, password ${madePassword} (new at each start; DEMO_PASSWORD keeps one)`
}

function storeLine({ store }: Config, trouble: string | undefined): string {
  if (store.kind === 'embedded')
    return 'embedded: this one process, and all sign-ins are gone when it ends (STORE_PATH=./data or REDIS_URL keeps them)'
  if (store.kind === 'disk') {
    const place = `on disk, in ${store.path}: kept when the process ends`
    return trouble === undefined
      ? place
      : `${place}. NOT WORKING; until it does, requests are answered with 503. ${trouble}`
  }
  const place = { single: 'Redis', sentinel: 'Redis behind Sentinel', cluster: 'Redis Cluster' }[store.place.kind]
  if (trouble === undefined) return place
  return `${place}: NOT WORKING; until it does, requests are answered with 503. ${trouble}`
}

function isOfThisMachine(host: string): boolean {
  return /^(localhost|.*\.localhost|127\..*|\[?::1\]?)$/.test(host)
}

function warnings({ accounts, confirm, ...config }: Config): string[] {
  const { publicUrl, ...phone } = config
  const found = warningsOfAddress(config)
  if (confirm === 'passkey' && !areOffered(publicUrl))
    found.push('CONFIRM=passkey, and browsers have passkeys by https and at a name alone: nobody can confirm anything.')
  found.push(
    ...warningsOfProxies(phone),
    ...warningsOfTimes(phone),
    ...warningsOfRedis(phone),
    ...warningsOfAdmin(phone),
  )
  if (accounts.kind === 'demo')
    found.push('the demo account is there for everyone who knows its password (ACCOUNTS_FILE replaces it).')
  else if (accounts.hasDemoPassword) found.push("DEMO_PASSWORD is nobody's: ACCOUNTS_FILE has all accounts.")
  if (phone.phoneIntrospection !== undefined) {
    if (phone.phoneUserinfoUrl !== undefined)
      found.push('PHONE_USERINFO_URL is asked for names alone: PHONE_INTROSPECTION_URL decides about opaque tokens.')
    if (phone.phoneIntrospection.audience === undefined)
      found.push(
        "opaque tokens without an audience are taken at your provider's word (PHONE_JWT_AUDIENCE asks for one).",
      )
  } else if (phone.phoneUserinfoUrl !== undefined) {
    found.push(
      'PHONE_USERINFO_URL takes tokens that your provider gave to any application (PHONE_INTROSPECTION_URL tells them apart).',
    )
  }
  if (areTwoProviders(phone)) {
    found.push(
      'PHONE_JWT_ISSUER is not PHONE_OIDC_ISSUER: who has one id at both is one person to applications of APPS_FILE.',
    )
  }
  return found
}

function warningsOfAddress({
  isCookieSecure,
  publicUrl,
  host,
  port: listensAt,
}: Pick<Config, 'isCookieSecure' | 'publicUrl' | 'host' | 'port'>): string[] {
  const found: string[] = []
  const { hostname, port } = new URL(publicUrl)
  if (!publicUrl.startsWith('https:')) {
    found.push(
      'plain http: whoever shares the network can read passwords and take sessions. Use https beyond your desk.',
    )
  }
  if (port === ANY_PORT) {
    found.push(
      'PORT=0 is any free port, and the address that phones are given ends in it: nothing is there. Set PUBLIC_URL.',
    )
  }
  if (isOfThisMachine(hostname)) {
    found.push(
      `${hostname} is this machine alone: no phone reaches it. Set PUBLIC_URL to an address that a phone can open.`,
    )
  } else if (isOfThisMachine(host) && publicUrl.startsWith('http:') && (port || '80') === String(listensAt)) {
    const all = hostname.startsWith('[') ? '::' : '0.0.0.0'
    found.push(
      `HOST=${host} listens on this machine alone: nothing is at ${publicUrl}, unless a proxy is. Set HOST to ${all}.`,
    )
  }
  if (hostname.startsWith('[') && host === '0.0.0.0') {
    found.push('PUBLIC_URL is an IPv6 address, and HOST=0.0.0.0 listens on IPv4 alone. Set HOST to ::')
  }
  if (isCookieSecure && publicUrl.startsWith('http:') && !isOfThisMachine(hostname)) {
    found.push(
      'COOKIE_SECURE=always, and browsers keep no such cookie by plain http: nobody can sign in (auto follows PUBLIC_URL).',
    )
  }
  if (!isCookieSecure) found.push('cookies go without Secure and __Host- (COOKIE_SECURE=auto follows PUBLIC_URL).')
  return found
}

function warningsOfProxies({ trustProxy }: Pick<Config, 'trustProxy'>): string[] {
  if (!trustProxy.some((range) => range.endsWith('/0'))) return []
  return [
    'TRUST_PROXY is every address there is: all clients can say where they are, and MATCH=auto and limits go by that.',
  ]
}

/** Whether people come from two providers: applications behind forward auth are told an id, but not whose it is. */
function areTwoProviders({
  appsFile,
  phoneJwt,
  phoneOidc,
}: Pick<Config, 'appsFile' | 'phoneJwt' | 'phoneOidc'>): boolean {
  if (appsFile === undefined || phoneJwt === undefined || phoneOidc === undefined) return false
  // One provider's issuer may be written with and without a slash at its end.
  return !isSameIssuer(phoneJwt.issuer, phoneOidc.issuer)
}

function warningsOfTimes({ login, pace }: Pick<Config, 'login' | 'pace'>): string[] {
  if (login.collectMs > pace.interval * 1000) return []
  return [
    'COLLECT_SECONDS is not more than POLL_INTERVAL_SECONDS: browsers may come too late for what phones confirmed.',
  ]
}

function warningsOfRedis({ unreadRedis }: Pick<Config, 'unreadRedis'>): string[] {
  if (unreadRedis.length === 0) return []
  return [`${unreadRedis.join(' and ')}: not read, and nothing is kept in that Redis. Name it in REDIS_URL.`]
}

function warningsOfAdmin({ admin, store }: Pick<Config, 'admin' | 'store'>): string[] {
  if (admin === undefined) return []
  return [
    ...(isOfThisMachine(admin.host)
      ? []
      : [
          'ADMIN_HOST is not this machine alone, and speaks plain http: whoever shares that network can read ADMIN_TOKEN.',
        ]),
    ...(store.kind === 'embedded'
      ? ['who is blocked on ADMIN_PORT is so until this process ends (STORE_PATH or REDIS_URL keeps it).']
      : []),
  ]
}
