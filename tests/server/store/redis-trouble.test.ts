import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { RedisPlace } from '../../../server/store/redis-place.ts'
import { redisTrouble } from '../../../server/store/redis-trouble.ts'
import { StoreError, type StoreErrorKind } from '../../../server/store/store-error.ts'
import { createStoreTroubles } from '../../../server/store/store-troubles.ts'
import { placeOf } from '../../support/redis-server.ts'

const PLACE = placeOf('redis://:secret@redis')
const coded = (code: string, message = '') => Object.assign(new Error(message), { code })

test.each<[kind: string, isOurs: boolean, error: Error]>([
  ['redis_password', true, new Error('WRONGPASS invalid username-password pair or user is disabled.')],
  ['redis_password', true, new Error('ERR invalid password')],
  ['redis_no_password', true, new Error('NOAUTH Authentication required.')],
  [
    'redis_sentinel_password',
    true,
    new Error(
      'All sentinels are unreachable. Retrying from scratch after 100ms. Last error: NOAUTH Authentication required.',
    ),
  ],
  ['redis_database', true, new Error('ERR DB index is out of range')],
  ['redis_certificate', true, coded('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain')],
  ['redis_certificate', true, coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')],
  [
    'redis_certificate',
    true,
    coded('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
  ],
  ['redis_certificate_time', false, coded('CERT_HAS_EXPIRED', 'certificate has expired')],
  [
    'redis_tls',
    false,
    coded('EPROTO', 'write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number'),
  ],
  [
    'redis_channel',
    false,
    new Error('NOPERM this user has no permissions to access one of the channels used as arguments'),
  ],
  [
    'redis_channel',
    false,
    new Error("ERR The user executing the script can't publish to the channel mentioned in the command"),
  ],
  ['redis_rights', false, new Error("NOPERM this user has no permissions to run the 'set' command")],
  ['redis_full', false, new Error("OOM command not allowed when used memory > 'maxmemory'.")],
  ['redis_min_replicas', false, new Error('NOREPLICAS Not enough good replicas to write.')],
  ['redis_disk', false, new Error('MISCONF Redis is configured to save RDB snapshots')],
  ['redis_is_cluster', false, new Error('MOVED 1234 127.0.0.1:7001')],
  ['redis_unreachable', false, coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379')],
  ['redis_unreachable', false, new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:6379')], '')],
  ['redis_name', false, coded('ENOTFOUND', 'getaddrinfo ENOTFOUND redis')],
  ['redis_socket', false, coded('ENOENT', 'connect ENOENT /run/redis.sock')],
  ['redis_connection', false, new Error("Stream isn't writeable and enableOfflineQueue options is false")],
  ['redis_connection', false, new Error("Socket timeout. Expecting data, but didn't receive any in 3000ms.")],
  [
    'redis_no_cluster',
    true,
    Object.assign(new Error('Failed to refresh slots cache.'), {
      lastNodeError: new Error('ERR This instance has cluster support disabled'),
    }),
  ],
])('%s (ours: %s) is known by its sign: %s', (kind, isOurs, error) => {
  const text = expect.stringMatching(/^Redis [^\n]+$/)
  expect(redisTrouble(error, PLACE, 'scanin:')).toMatchObject({ kind, isOurs, text })
})

test.each<[StoreErrorKind, string]>([
  ['no_answer', 'redis_connection'],
  ['crowded', 'redis_connection'],
  ['time_unknown', 'redis_connection'],
  ['no_time', 'redis_time'],
  ['slow', 'redis_slow'],
  ['no_notice', 'redis_channel'],
  ['forgets_at_once', 'redis_clock'],
  ['evicts', 'redis_evicts'],
  ['too_few_replicas', 'redis_replicas'],
  ['protected', 'redis_protected'],
  ['no_node', 'redis_unreachable'],
])('an error of ours is known by being %s, however it and what it came from are worded', (kind, expected) => {
  const cause = new Error("NOPERM this user has no permissions to run the 'time' command")
  const error = new Error('in other words', { cause: new StoreError('whatever', { kind, cause }) })
  expect(redisTrouble(error, PLACE, 'scanin:')).toMatchObject({
    kind: expected,
    isOurs: expected === 'redis_protected',
  })
})

test('what is unknown has no words', () => {
  expect(redisTrouble(new Error('something else'), PLACE, 'scanin:')).toBeUndefined()
  expect(redisTrouble('no error', PLACE, 'scanin:')).toBeUndefined()
})

test('the variable named is the one that says where Redis is', () => {
  const refused = coded('ECONNREFUSED')
  const places: RedisPlace[] = [
    PLACE,
    { kind: 'cluster', nodes: [], isTls: false, login: {} },
    { kind: 'sentinel', sentinels: [], isTls: false, name: 'main', login: {}, sentinelLogin: {} },
  ]
  const names = places.map((place) => /at (REDIS_\w+)/.exec(redisTrouble(refused, place, 'scanin:')?.text ?? '')?.[1])
  expect(names).toEqual(['REDIS_URL', 'REDIS_CLUSTER', 'REDIS_SENTINELS'])
})

test.each([
  ['other:', /'~other:\*', '&other:\*'/, /'&other:\*'/],
  ['', /'~\*', '&\*'/, /'&\*'/],
])('the rights named are those that KEY_PREFIX=%s takes', (keyPrefix, rights, channel) => {
  const textOf = (message: string) => redisTrouble(new Error(message), PLACE, keyPrefix)?.text
  expect(textOf("NOPERM this user has no permissions to run the 'set' command")).toMatch(rights)
  expect(textOf('NOPERM this user has no permissions to access one of the channels used as arguments')).toMatch(channel)
})

test.each([coded('ETIMEDOUT', 'connect ETIMEDOUT'), new Error('Connection is closed.')])(
  'that it may be TLS is said where nothing shows it: %s',
  (error) => {
    expect(redisTrouble(error, PLACE, 'scanin:')?.text).toContain('does it speak TLS as REDIS_URL has it')
  },
)

test('a command that had no connection is told with the reason there is none, until there is one', () => {
  const troubles = createStoreTroubles({ kind: 'redis', place: PLACE, waitReplicas: 0 }, 'scanin:')
  const symptom = new Error('Connection is closed.')
  expect(troubles.explain(symptom)?.kind).toBe('redis_connection')
  troubles.noteConnectionError(coded('ENOTFOUND'))
  expect(troubles.explain(symptom)?.kind).toBe('redis_name')
  troubles.noteConnected()
  expect(troubles.explain(symptom)?.kind).toBe('redis_connection')
})

test('docs/operations.md has a row for every kind there is', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
  const kinds = [...read('server/store/redis-trouble.ts').matchAll(/kind: '(redis_\w+)'/g)].map(([, kind]) => kind)
  const rows = new Set([...read('docs/operations.md').matchAll(/`(redis_\w+)`/g)].map(([, kind]) => kind))
  expect(kinds.filter((kind) => !rows.has(kind ?? ''))).toEqual([])
})
