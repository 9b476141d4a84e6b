import { loginOf, parseRedisServers, parseRedisUrl, type RedisLogin, type StoreChoice } from '../store/redis-place.ts'
import type { EnvironmentReader } from './environment.ts'

/** By these other programs find their Redis. */
const REDIS_OF_OTHERS = ['REDIS_HOST', 'REDIS_PORT']

/** Variables by which somebody may have meant to name a Redis where there is none; they are not read. */
export function unreadRedis(reader: EnvironmentReader, { kind }: StoreChoice): string[] {
  return kind === 'redis' ? [] : reader.setForOthers(REDIS_OF_OTHERS)
}

/** Where records are kept: `STORE_PATH`, `REDIS_*`, or neither. */
export function readStore(reader: EnvironmentReader): StoreChoice {
  const path = reader.text('STORE_PATH')
  const url = reader.explained('REDIS_URL', parseRedisUrl)
  const login = loginOf(reader.text('REDIS_USERNAME'), reader.text('REDIS_PASSWORD'))
  const cluster = reader.explainedList('REDIS_CLUSTER', parseRedisServers)
  const sentinels = reader.explainedList('REDIS_SENTINELS', parseRedisServers)
  const name = reader.text('REDIS_SENTINEL_NAME')
  const sentinelLogin = loginOf(reader.text('REDIS_SENTINEL_USERNAME'), reader.text('REDIS_SENTINEL_PASSWORD'))
  const waitReplicas = reader.integer('REDIS_WAIT_REPLICAS', 0, 0, 100)
  const redis = Object.entries({ REDIS_URL: url, REDIS_CLUSTER: cluster, REDIS_SENTINELS: sentinels })
  const [beside, ...more] = redis.filter(([, value]) => value !== undefined).map(([variable]) => variable)
  if (more.length > 0) {
    reader.reject('REDIS_URL', 'only one of REDIS_URL, REDIS_CLUSTER and REDIS_SENTINELS can be set')
  }
  if (path !== undefined && beside !== undefined) {
    reader.reject('STORE_PATH', `goes without ${beside}: records are kept in the folder or in Redis`)
  }
  const together = 'REDIS_SENTINELS and REDIS_SENTINEL_NAME go together'
  reader.rejectParts(together, { REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: name })
  if (sentinels === undefined) {
    refuseLogin(reader, 'REDIS_SENTINEL', sentinelLogin, 'there are no Sentinels: name them in REDIS_SENTINELS')
  }
  if (url !== undefined) return { kind: 'redis', place: { ...url, login: { ...login, ...url.login } }, waitReplicas }
  if (cluster !== undefined) {
    const { servers: nodes, isTls } = cluster
    return { kind: 'redis', place: { kind: 'cluster', nodes, isTls, login }, waitReplicas }
  }
  if (sentinels !== undefined && name !== undefined) {
    const watchers = { sentinels: sentinels.servers, isTls: sentinels.isTls, name, sentinelLogin }
    return { kind: 'redis', place: { kind: 'sentinel', ...watchers, login }, waitReplicas }
  }
  if (waitReplicas > 0) reader.reject('REDIS_WAIT_REPLICAS', 'needs a Redis')
  refuseLogin(reader, 'REDIS', login, 'there is no Redis: name one in REDIS_URL, REDIS_CLUSTER or REDIS_SENTINELS')
  return path === undefined ? { kind: 'embedded' } : { kind: 'disk', path }
}

/** @param prefix of the two variables that say it */
function refuseLogin(reader: EnvironmentReader, prefix: string, { username, password }: RedisLogin, why: string): void {
  if (username !== undefined) reader.reject(`${prefix}_USERNAME`, why)
  if (password !== undefined) reader.reject(`${prefix}_PASSWORD`, why)
}
