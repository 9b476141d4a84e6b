import { urlOf } from '../url.ts'

/** Where records are kept: in this process, in a folder on its machine's disk, or in a Redis. */
export type StoreChoice =
  | { kind: 'embedded' }
  | { kind: 'disk'; path: string }
  | { kind: 'redis'; place: RedisPlace; waitReplicas: number }

/** Where Redis is: one server, a set that Sentinels watch, or a Cluster. */
export type RedisPlace =
  | SingleRedis
  | SentinelRedis
  | { kind: 'cluster'; nodes: readonly HostPort[]; isTls: boolean; login: RedisLogin }

export interface SentinelRedis {
  kind: 'sentinel'
  sentinels: readonly HostPort[]
  /** Both they and the servers that they watch. */
  isTls: boolean
  /** Of the set that they watch. */
  name: string
  login: RedisLogin
  /** For the Sentinels themselves: they have users and passwords of their own. */
  sentinelLogin: RedisLogin
}

export interface SingleRedis {
  kind: 'single'
  server: (HostPort & { isTls: boolean }) | { path: string }
  database: number
  login: RedisLogin
}

/** Where a server listens. */
export interface HostPort {
  host: string
  port: number
}

/** Those that a variable names; the others are found by them. */
export interface RedisServers {
  servers: HostPort[]
  isTls: boolean
}

/** Whom Redis takes us for; its default user where nothing is said. */
export interface RedisLogin {
  username?: string
  password?: string
}

const DEFAULT_PORT = 6379
const UNIX_FORM =
  /^unix:(?:\/\/(?:(?<username>[^:@/]*)(?::(?<password>[^@/]*))?@)?)?(?<path>\/[^/?#][^?#]*)(?:\?(?<query>[^#]*))?$/
/** What an address of a socket may say after its path, as redis-py has it. */
const UNIX_OPTIONS = ['username', 'password', 'db']

/**
 * Takes an address of a Redis apart: `redis[s]://[[user][:password]@]host[:port][/database]`, or
 * `unix://[user[:password]@]/path[?db=1&username=…&password=…]`. What is not letters or digits in a name or a password
 * is written as `%` and two hex digits.
 * @returns a sentence about what is wrong, which repeats nothing of the address: it may hold a password
 */
export function parseRedisUrl(text: string): SingleRedis | string {
  try {
    if (text.startsWith('unix:')) return parseUnix(text)
    if (/^rediss?:\/\//.test(text)) return parseTcp(text)
  } catch {
    return 'has a % that is not followed by two hex digits; a % itself is written %25'
  }
  return 'has to be a redis://, rediss:// or unix: address'
}

const ONE_OF_MANY = /^(?:redis(?<tls>s?):\/\/)?\[?(?<host>[^\s\]/@]+?)\]?:(?<port>\d{1,5})$/

/**
 * Takes apart where a Cluster's nodes or Sentinels are: `host:port,host:port`, or `rediss://host:port,…` where all of them
 * speak TLS.
 * @returns a sentence about what is wrong, which repeats nothing of it
 */
export function parseRedisServers(text: string): RedisServers | string {
  const parts = text.split(',').map((part) => ONE_OF_MANY.exec(part.trim())?.groups ?? {})
  const servers = parts.map(({ host = '', port }) => ({ host, port: Number(port) }))
  if (servers.some(({ host, port }) => host === '' || port > 65_535)) {
    return 'has to be host:port, or rediss://host:port for TLS, with commas between them, and without user or password'
  }
  const byTls = parts.filter(({ tls }) => tls === 's').length
  if (byTls > 0 && byTls < parts.length) return 'has rediss:// at some and not at all of them: all speak TLS, or none'
  return { servers, isTls: byTls > 0 }
}

function parseTcp(text: string): SingleRedis | string {
  const url = urlOf(text)
  if (url === undefined || url.hostname === '') {
    return 'is not an address; in a password / is written %2F, # is %23, ? is %3F, @ is %40'
  }
  if (url.hash !== '' || text.endsWith('#')) return 'has a #; in a password it is written %23'
  if (url.search !== '') return 'has a ?, and there are no options; in a password it is written %3F'
  const database = databaseOf(url.pathname.slice(1))
  if (database === undefined) {
    return 'has something other than the number of a database after its host; in a password / is written %2F'
  }
  return {
    kind: 'single',
    server: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      isTls: url.protocol === 'rediss:',
    },
    database,
    login: loginOf(decodeURIComponent(url.username), decodeURIComponent(url.password)),
  }
}

function parseUnix(text: string): SingleRedis | string {
  const { username = '', password = '', path, query = '' } = UNIX_FORM.exec(text)?.groups ?? {}
  if (path === undefined) return 'has to be unix:///path/of/the/socket, absolute, with ?db= and ?password= where needed'
  const options = optionsOf(query)
  if (Object.keys(options).some((name) => !UNIX_OPTIONS.includes(name))) {
    return `knows ${UNIX_OPTIONS.join(', ')} after its ?, and nothing else`
  }
  const database = databaseOf(options['db'] ?? '')
  if (database === undefined) return 'has a db that is not the number of a database'
  return {
    kind: 'single',
    server: { path: decodeURIComponent(path) },
    database,
    login: loginOf(
      options['username'] ?? decodeURIComponent(username),
      options['password'] ?? decodeURIComponent(password),
    ),
  }
}

/** Not by `URLSearchParams`, which makes a space of a `+`. */
function optionsOf(query: string): Record<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const end = pair.includes('=') ? pair.indexOf('=') : pair.length
      return [decodeURIComponent(pair.slice(0, end)), decodeURIComponent(pair.slice(end + 1))]
    }),
  )
}

function databaseOf(text: string): number | undefined {
  if (text === '') return 0
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

export function loginOf(username: string | undefined, password: string | undefined): RedisLogin {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}
