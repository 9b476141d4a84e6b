import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { readConfig } from '../../../server/config/config.ts'

const start = (env: Record<string, string>) => () => readConfig(env, '192.168.1.5', () => 'text')

function whyNot(env: Record<string, string>): string {
  try {
    start(env)()
    return ''
  } catch (error) {
    return String(error)
  }
}

test.each([
  ['TRUST_PROXYS', 'TRUST_PROXY'],
  ['TRUST_PROXIES', 'TRUST_PROXY'],
  ['TRUSTED_PROXY', 'TRUST_PROXY'],
  ['POLL_HOLD_SECOND', 'POLL_HOLD_SECONDS'],
  ['POLL_HOLD', 'POLL_HOLD_SECONDS'],
  ['SESSION_IDLE', 'SESSION_IDLE_SECONDS'],
  ['SESSION_TIMEOUT_SECONDS', 'SESSION_IDLE_SECONDS'],
  ['SESION_SECONDS', 'SESSION_SECONDS'],
  ['LOGIN_TTL_SECONDS', 'LOGIN_SECONDS'],
  ['REDIS_URI', 'REDIS_URL'],
  ['REDIS_PASSWRD', 'REDIS_PASSWORD'],
  ['REDIS_SENTINEL', 'REDIS_SENTINELS'],
  ['PHONE_JWKS_URL', 'PHONE_JWT_JWKS_URL'],
  ['RATE_LOGIN_PER_MINUTE', 'RATE_LOGINS_PER_MINUTE'],
  ['METRIC_PORT', 'METRICS_PORT'],
  ['PUBLIC_URI', 'PUBLIC_URL'],
  ['public_url', 'PUBLIC_URL'],
  ['ACCOUNT_FILE', 'ACCOUNTS_FILE'],
  ['DEMO_PASWORD_FILE', 'DEMO_PASSWORD'],
  ['COOKIES_SECURE', 'COOKIE_SECURE'],
  ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
  ['PROT', 'PORT'],
  ['MACTH', 'MATCH'],
  ['WEBHOOK_URI', 'WEBHOOK_URL'],
  ['ADMIN_TOKENS', 'ADMIN_TOKEN'],
  ['BRAND_COLOUR', 'BRAND_COLOR'],
  ['MATCH_MODE', 'MATCH'],
  ['ADMIN_BIND', 'ADMIN_HOST'],
  ['WEBHOOK_TOKEN', 'WEBHOOK_SECRET'],
  ['SESSION_TTL', 'SESSION_SECONDS'],
  ['GEOIP_PATH', 'GEOIP_FILE'],
  ['STORE_DIR', 'STORE_PATH'],
  ['SIGNING_KEY', 'SIGNING_KEYS_FILE'],
  ['ALLOWED_HOSTS', 'ALLOWED_ORIGINS'],
  ['ACCOUNTS', 'ACCOUNTS_FILE'],
  ['CLIENTS', 'CLIENTS_FILE'],
  ['APPS', 'APPS_FILE'],
  ['APPS_PATH', 'APPS_FILE'],
  ['APP_LINKS', 'APP_LINKS_FILE'],
  ['PUBLIC_ORIGIN', 'PUBLIC_URL'],
  ['MAX_LOGINS', 'MAX_SESSIONS'],
  ['KEY_ROTATION_HOURS', 'KEY_ROTATION_DAYS'],
  ['KEY_ROTATION', 'KEY_ROTATION_DAYS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['log_level', 'LOG_LEVEL'],
  ['PUBLC_URL', 'PUBLIC_URL'],
  ['REDISS_URL', 'REDIS_URL'],
  ['HELP_ULR', 'HELP_URL'],
  ['HEPL_URL', 'HELP_URL'],
  ['APSP_FILE', 'APPS_FILE'],
  ['TOKN_AUDIENCE', 'TOKEN_AUDIENCES'],
])('%s stops the start, and %s is proposed', (name, meant) => {
  expect(start({ [name]: '1' })).toThrow(`${name} (not a variable of ScanIn; did you mean ${meant}?)`)
})

test.each(['QR_FOO', 'BRAND_URL', 'COOKIE_DOMAIN', 'ACCOUNTS_DB', 'STORE_ID', 'SESSION_DRIVER', 'PRIVACY_MODE'])(
  '%s stops the start, and nothing is proposed, as nothing is near',
  (name) => expect(start({ [name]: '1' })).toThrow(`${name} (not a variable of ScanIn)`),
)

test('every variable that README.md names is one of ours, by itself and from a file', () => {
  const table = /\| variable \|[\s\S]*?\n\n/.exec(readFileSync('README.md', 'utf8'))?.[0] ?? ''
  const names = [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell]) => cell?.match(/\b[A-Z][A-Z_]+\b/g) ?? [])
  expect(names.length).toBeGreaterThan(60)
  for (const name of names.flatMap((one) => [one, `${one}_FILE`])) {
    expect(whyNot({ [name]: '1' })).not.toContain('not a variable of ScanIn')
  }
})

test('what desktops, Kubernetes, Docker, hosts and other programs set stops nothing', () => {
  const desktop = `HOME HOSTNAME HOSTTYPE LOGNAME USER SHELL LANG TERM DISPLAY EDITOR PAGER PWD OLDPWD SHLVL MAIL
    SESSION_MANAGER SESSION_ID SESSION_TYPE SESSION_NAME SESSIONNAME DESKTOP_SESSION XDG_SESSION_ID XDG_SESSION_TYPE XDG_CURRENT_DESKTOP
    GNOME_TERMINAL_SCREEN DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK SSH_CONNECTION COLORTERM LS_COLORS PROMPT_COMMAND
    LOGONSERVER COMPUTERNAME PUBLIC ProgramData PATHEXT WSL_DISTRO_NAME KEYCHAIN QT_ACCESSIBILITY host port match
    npm_config_cache npm_package_name npm_lifecycle_event NODE_ENV NODE_OPTIONS INIT_CWD HOST_IP HOST_NAME`
  const others = `LOG_FILE LOG_FORMAT LOG_URL PORT_RANGE KEY_FILE KEY_ID COOKIE_SECRET SESSION_SECRET TOKEN_TTL TOKEN_FILE
    PUBLIC_DIR PUBLIC_PATH PUBLIC_HOST PUBLIC_API_KEY MAX_MEMORY MAX_CONNECTIONS APP_NAME APP_URL APP_KEY CLIENT_ID HELP
    BRAND ADMIN_EMAIL ADMIN_USER ADMIN_USERNAME ADMIN_PASSWORD ADMIN_PASSWORD_FILE MATCHBOX MATCH_PASSWORD MATCH_GIT_URL
    PATCH WATCH BATCH POST GHOST SORT ACCOUNT CLIENT APP STORE SESSION ADMIN
    REDIS_VERSION REDIS_DOWNLOAD_URL REDIS_DOWNLOAD_SHA REDIS_HOST REDIS_PORT DATABASE_URL RAILWAY_PUBLIC_DOMAIN
    HTTP_URL SELF_URL HELM_URL PRIVATE_URL ARGS_FILE OPTS_FILE APP_FILE LOW_LEVEL MIN_SESSIONS
    LOG_LEVEL_ROOT LOG_LEVEL_ORG_SPRINGFRAMEWORK FLY_PUBLIC_IP OTEL_METRICS_EXPORTER CI GITHUB_TOKEN AWS_SESSION_TOKEN`
  const beside = [
    'REDIS',
    'REDIS_CLUSTER',
    'METRICS',
    'LOGIN',
    'SESSION',
    'ACCOUNTS',
    'PHONE',
    'STORE',
    'ADMIN',
    'WEBHOOK',
    'SCANIN',
  ].flatMap((name) => [
    `${name}_SERVICE_HOST`,
    `${name}_SERVICE_PORT`,
    `${name}_SERVICE_PORT_HTTP`,
    `${name}_PORT_6379_TCP`,
    `${name}_PORT_6379_TCP_ADDR`,
    `${name}_PORT_6379_TCP_PORT`,
    `${name}_PORT_6379_TCP_PROTO`,
  ])
  const names = [...desktop.split(/\s+/), ...others.split(/\s+/), ...beside]
  const env = Object.fromEntries(names.map((name) => [name, '6379']))
  const links = {
    REDIS_PORT: 'tcp://10.0.0.1:6379',
    LOGIN_PORT: 'tcp://10.0.0.2:80',
    STORE_PORT: 'tcp://10.0.0.3:80',
    METRICS_PORT: 'tcp://10.0.0.4:9464',
    ADMIN_PORT: 'tcp://10.0.0.5:9465',
    STORE_NAME: '/scanin/store',
    BRAND_NAME: '/scanin/brand',
  }
  expect(start({ ...env, ...links })).not.toThrow()
})

test('an empty variable is an unset one', () => {
  expect(start({ TRUST_PROXYS: '', STORE_PATH: '' })).not.toThrow()
})
