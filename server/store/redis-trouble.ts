import { codeOf } from '../errors.ts'
import type { RedisPlace } from './redis-place.ts'
import { kindOf, originsOf, type StoreErrorKind } from './store-error.ts'

/** What is wrong between us and Redis, in one line that names what to set or do. */
export interface RedisTrouble {
  /** The same for the same trouble. */
  kind: string
  text: string
  /** The configuration is wrong, and waiting does not mend it: a start ends with this trouble. */
  isOurs: boolean
  /** Says that there is no connection, and not why. */
  isSymptom: boolean
}

interface Known {
  kind: string
  /** Which errors of our own mean it. */
  own?: readonly StoreErrorKind[]
  /** What is in the words of Redis, of its client or of the system. */
  sign?: RegExp
  isOurs?: boolean
  isSymptom?: boolean
  /** Goes on after `Redis`. `VARIABLE` is the one that says where Redis is, `OURS` what `KEY_PREFIX` says. */
  text: string
}

/** Of those known by a sign the first counts; symptoms that many troubles share come last. */
const KNOWN: readonly Known[] = [
  {
    kind: 'redis_sentinel_password',
    sign: /All sentinels are unreachable.*(WRONGPASS|NOAUTH|invalid (username-)?password)/s,
    isOurs: true,
    text: 'cannot be found: its Sentinels ask for a password, or refuse the user name or password: correct REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD',
  },
  {
    kind: 'redis_password',
    sign: /WRONGPASS|invalid password|invalid username-password/,
    isOurs: true,
    text: 'refuses the user name or password: correct them in VARIABLE, or in REDIS_USERNAME and REDIS_PASSWORD',
  },
  {
    kind: 'redis_no_password',
    sign: /NOAUTH|HELLO must be called with the client already authenticated/,
    isOurs: true,
    text: 'asks for a password: set REDIS_PASSWORD, or put it into the address in VARIABLE',
  },
  {
    kind: 'redis_protected',
    own: ['protected'],
    sign: /DENIED Redis is running in protected mode/,
    isOurs: true,
    text: 'is in protected mode and takes nobody from another machine: give its user a password and say it in VARIABLE, or bind it to a private network with protected-mode no',
  },
  {
    kind: 'redis_database',
    sign: /DB index is out of range|SELECT is not allowed in cluster mode/,
    isOurs: true,
    text: 'has no database of the number in VARIABLE: take a smaller one (there are 16, unless its `databases` says otherwise; a Cluster has 0 alone)',
  },
  {
    kind: 'redis_certificate',
    sign: /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED|ERR_TLS_CERT_ALTNAME_INVALID/,
    isOurs: true,
    text: 'shows a certificate that is not trusted, or is for another name: name its authority in NODE_EXTRA_CA_CERTS, and the host in VARIABLE as the certificate has it (what Sentinels and a Cluster announce, too)',
  },
  {
    kind: 'redis_certificate_time',
    sign: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    text: 'shows a certificate that is not valid today: renew it, or set the clock',
  },
  {
    kind: 'redis_tls',
    sign: /EPROTO|ERR_SSL_|wrong version number/,
    text: 'does not speak TLS as VARIABLE has it: rediss:// is for a port with TLS, redis:// for one without',
  },
  {
    kind: 'redis_channel',
    own: ['no_notice'],
    sign: /NOPERM.*channel|can't publish to the channel/s,
    text: "gives no notices: its user needs the channel of KEY_PREFIX (ACL SETUSER … '&OURS*'), and SUBSCRIBE",
  },
  {
    kind: 'redis_time',
    own: ['no_time'],
    text: 'does not say what time it is, so each instance goes by its own clock: let its user ask (+time), and leave TIME its name',
  },
  {
    kind: 'redis_rights',
    sign: /NOPERM|user executing the script can't/,
    text: "does not allow a command or key: its user needs '~OURS*', '&OURS*' and the commands in docs/operations.md",
  },
  {
    kind: 'redis_evicts',
    own: ['evicts'],
    text: 'makes room by forgetting once its maxmemory is reached, and says nothing: sessions, passkeys, keys and who is blocked may be gone. Set maxmemory-policy noeviction',
  },
  { kind: 'redis_full', sign: /\bOOM\b/, text: 'is full: raise its maxmemory, or give it a memory of its own' },
  {
    kind: 'redis_read_only',
    sign: /READONLY/,
    text: 'at VARIABLE is a replica and takes no writes: name the primary, or follow it by REDIS_SENTINELS',
  },
  {
    kind: 'redis_replicas',
    own: ['too_few_replicas'],
    text: 'has fewer replicas in step than REDIS_WAIT_REPLICAS asks for: bring them up, or lower it',
  },
  {
    kind: 'redis_min_replicas',
    sign: /NOREPLICAS/,
    text: 'has fewer replicas in step than its own min-replicas-to-write asks for: bring them up, or lower that',
  },
  {
    kind: 'redis_no_cluster',
    sign: /cluster support disabled/,
    isOurs: true,
    text: 'at VARIABLE is no Cluster: name it in REDIS_URL instead',
  },
  { kind: 'redis_disk', sign: /MISCONF/, text: 'cannot save to its disk and refuses writes: see its own log' },
  {
    kind: 'redis_is_cluster',
    sign: /\bMOVED \d|CROSSSLOT/,
    text: 'at VARIABLE is a node of a Cluster: name its nodes in REDIS_CLUSTER instead',
  },
  {
    kind: 'redis_loading',
    sign: /LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN/,
    text: 'is not ready yet; this mends itself',
  },
  {
    kind: 'redis_clock',
    own: ['forgets_at_once'],
    text: 'loses records at once: let its user ask for the time (+time), and look for what else clears its database',
  },
  {
    kind: 'redis_name',
    sign: /ENOTFOUND|EAI_AGAIN|ENODATA/,
    text: 'is at a host whose name is not known: see VARIABLE, and the DNS; it is tried again',
  },
  {
    kind: 'redis_sentinels',
    sign: /All sentinels are unreachable/,
    text: 'cannot be found by its Sentinels: see REDIS_SENTINELS and REDIS_SENTINEL_NAME, and with rediss:// whether NODE_EXTRA_CA_CERTS names the authority of their certificates; it is tried again',
  },
  {
    kind: 'redis_socket',
    sign: /(ENOENT|EACCES|EPERM)/,
    text: 'has no socket at the path in VARIABLE that may be opened; it is tried again',
  },
  {
    kind: 'redis_unreachable',
    own: ['no_node'],
    sign: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Failed to refresh slots cache|None of startup nodes/,
    text: 'cannot be reached at VARIABLE: is it running, is the address right, and does it speak TLS as VARIABLE has it (rediss://)? It is tried again',
  },
  {
    kind: 'redis_slow',
    own: ['slow'],
    text: 'answers, and takes so long for it that a probe gave up: see what else it does, and the line to it',
  },
  {
    kind: 'redis_connection',
    isSymptom: true,
    own: ['no_answer', 'crowded', 'time_unknown'],
    sign: /ECONNRESET|EPIPE|Connection is closed|isn't writeable|Command timed out|Socket timeout|connection close|max retries|ready state/,
    text: 'does not answer, or closes the connection: does it speak TLS as VARIABLE has it (rediss://)? It is tried again',
  },
]

const VARIABLES = { single: 'REDIS_URL', cluster: 'REDIS_CLUSTER', sentinel: 'REDIS_SENTINELS' } as const

/** Words for an error of Redis, of its client or of a probe; `undefined`: none are known. */
export function redisTrouble(error: unknown, { kind: place }: RedisPlace, keyPrefix: string): RedisTrouble | undefined {
  const origins = originsOf(error)
  const signs = signsOf(origins)
  const own = kindOf(origins)
  const known =
    KNOWN.find((each) => own !== undefined && each.own?.includes(own)) ?? KNOWN.find(({ sign }) => sign?.test(signs))
  if (known === undefined) return undefined
  const { kind, text, isOurs = false, isSymptom = false } = known
  const words = text.replaceAll('VARIABLE', VARIABLES[place]).replaceAll('OURS', () => keyPrefix)
  return { kind, text: `Redis ${words}${codeIn(signs)}`, isOurs, isSymptom }
}

/** Codes and messages. ioredis's messages contain no command, and so nothing of a record. */
function signsOf(origins: readonly Error[]): string {
  return origins
    .flatMap((error) => [codeOf(error) ?? '', error.message])
    .filter((part) => part !== '')
    .join(' ')
}

/** The first word in capitals, mostly an error code: people can search for it. */
function codeIn(signs: string): string {
  const [code] = /\b[A-Z][A-Z_]{3,}\b/.exec(signs) ?? []
  return code === undefined ? '' : ` (${code})`
}
