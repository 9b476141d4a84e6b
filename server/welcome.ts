import type { Config } from './config.ts'

export interface WelcomeOptions {
  config: Config
  version: string
  /** Made for this start, as nobody chose one. */
  madePassword: string | undefined
  isStoreReachable: boolean
}

/** What the person who starts ScanIn reads: where to go, as whom, what is kept where, what is not safe about it. */
export function welcome({ config, version, madePassword, isStoreReachable }: WelcomeOptions): string {
  const lines = [
    ['Open', `${config.publicUrl}/ on the computer, and scan its code with a phone`],
    ['Sign in', signInLine(config, madePassword)],
    ['Store', storeLine(config, isStoreReachable)],
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

function storeLine({ store }: Config, isReachable: boolean): string {
  if (store.kind === 'embedded')
    return 'embedded: this one process, and all sign-ins are gone when it ends (REDIS_URL keeps them)'
  const place = { single: 'Redis', sentinel: 'Redis behind Sentinel', cluster: 'Redis Cluster' }[store.place.kind]
  return isReachable ? place : `${place}: NOT REACHABLE yet; until it is, every request is answered with 503`
}

function warnings({ isCookieSecure, publicUrl, accounts, ...phone }: Config): string[] {
  const found: string[] = []
  if (!publicUrl.startsWith('https:')) {
    found.push(
      'plain http: whoever shares the network can read passwords and take sessions. Use https beyond your desk.',
    )
  }
  if (!isCookieSecure) found.push('cookies go without Secure and __Host- (COOKIE_SECURE=auto follows PUBLIC_URL).')
  if (accounts.kind === 'demo')
    found.push('the demo account is there for everyone who knows its password (ACCOUNTS_FILE replaces it).')
  if (phone.phoneIntrospection !== undefined) {
    if (phone.phoneUserinfoUrl !== undefined)
      found.push('PHONE_USERINFO_URL is asked nothing: PHONE_INTROSPECTION_URL decides about opaque tokens.')
    if (phone.phoneIntrospection.audience === undefined)
      found.push(
        'opaque tokens without an audience are taken at your provider`s word (PHONE_JWT_AUDIENCE asks for one).',
      )
  } else if (phone.phoneUserinfoUrl !== undefined) {
    found.push(
      'PHONE_USERINFO_URL takes tokens that your provider gave to any application (PHONE_INTROSPECTION_URL tells them apart).',
    )
  }
  return found
}
