import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { openDiskTables } from '../../server/store/disk-tables.ts'
import { type AccountsFile, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { createClient } from '../support/http-client.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'
import { type DumpedKey, redisDump } from './redis-dump.ts'
import { runWholeFlow, type Secret, secretsIn } from './whole-flow.ts'

/** What happened to an account is kept for ninety days, and nothing for longer. */
const LONGEST_MS = 90 * 24 * 3600 * 1000

/** T13: whoever has a copy of the store can sign in nowhere with it. (In memory, it is in no other process's reach.) */

let redis: RedisServer
let accounts: AccountsFile
let service: Service
let secrets: Secret[]
let dump: DumpedKey[]

beforeAll(async () => {
  redis = await startRedis()
  accounts = await writeAccounts([ZOFIA])
  service = await startService({
    REDIS_URL: redis.url,
    KEY_PREFIX: 'house:scanin:',
    ACCOUNTS_FILE: accounts.path,
    MATCH: 'always',
    RATE_LOGINS_PER_MINUTE: '1000',
    RATE_SIGN_INS_PER_MINUTE: '1000',
  })
  secrets = await runWholeFlow(service.url, ZOFIA)
  dump = await redisDump(redis.url)
})

afterAll(async () => {
  await service.stop()
  await redis.stop()
  accounts.remove()
})

test('T13 the dump is of a store that was used: logins, codes, sessions and counts are in it', () => {
  const keys = dump.map(({ key }) => key)
  for (const kind of ['login:', 'user-code:', 'session:', 'sessions-of:', 'rate:']) {
    expect(keys).toContainEqual(expect.stringContaining(`house:scanin:${kind}`))
  }
  expect(secrets.length).toBeGreaterThan(20)
})

test('T13 no key and no value has a token, a browser key, a session, a user code, a match code or a password in plain', () => {
  for (const { key, value } of dump) {
    expect({ key, secrets: secretsIn(`${key} ${value}`, secrets) }).toEqual({ key, secrets: [] })
  }
})

/** Hex, base64 and backwards. */
function spelledOtherwise(secrets: Secret[]): Secret[] {
  return secrets
    .filter(({ text: secret }) => secret.length >= 8)
    .flatMap(({ what, text: secret }) => [
      { what: `${what} in hex`, text: Buffer.from(secret).toString('hex') },
      { what: `${what} in base64`, text: Buffer.from(secret).toString('base64url').slice(0, -2) },
      { what: `${what} reversed`, text: [...secret].reverse().join('') },
    ])
}

test('T13 nor in another spelling: lower case, reversed, hex or base64', () => {
  const text = dump.map(({ key, value }) => `${key} ${value}`).join('\n')
  expect(secretsIn(text, spelledOtherwise(secrets))).toEqual([])
})

test('T13 every key begins with the prefix and ends by itself', () => {
  for (const { key, ttlMs } of dump) {
    expect(key.startsWith('house:scanin:')).toBe(true)
    expect({ key, isEnding: ttlMs >= 0 && ttlMs <= LONGEST_MS }).toEqual({ key, isEnding: true })
  }
})

test('T13 what a thief finds opens nothing: no key, value or hash is taken as cookie, bearer or code', async () => {
  const thief = createClient(service.url)
  const words = new Set(dump.flatMap(({ key, value }) => `${key} ${value}`.match(/[\w-]{20,}/g) ?? []))
  expect(words.size).toBeGreaterThan(10)
  for (const word of words) {
    expect((await thief.get('/session', { cookie: `scanin_session=${word}` })).status).toBe(401)
    const headers = { authorization: `Bearer ${word}` }
    expect(
      (await thief.post('/login/deny', { token: `${'a'.repeat(16)}.${'b'.repeat(22)}` }, { headers })).status,
    ).toBe(401)
  }
  const logins = dump.filter(({ key }) => key.includes(':login:'))
  for (const { key, value } of logins) {
    const loginId = key.slice(key.indexOf('login:') + 'login:'.length)
    for (const hash of value.match(/[\w-]{43}/g) ?? []) {
      const reply = await thief.get(`/login/status/${loginId}.${hash.slice(0, 22)}`, {
        cookie: `scanin_${loginId}=${hash}`,
      })
      expect(reply.text).toBe('{"status":"expired"}')
    }
  }
})

describe('on disk', () => {
  let folder: string
  let bytes: string
  let seen: Secret[]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scanin-at-rest-'))
    const onDisk = await startService({
      STORE_PATH: folder,
      ACCOUNTS_FILE: accounts.path,
      MATCH: 'always',
      RATE_LOGINS_PER_MINUTE: '1000',
      RATE_SIGN_INS_PER_MINUTE: '1000',
    })
    seen = await runWholeFlow(onDisk.url, ZOFIA)
    await onDisk.stop()
    bytes = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'latin1'))
      .join('\n')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('T13 what was kept is in the files: logins, codes, sessions and counts', () => {
    for (const kind of ['login:', 'user-code:', 'session:', 'sessions-of:', 'rate:']) {
      expect(bytes).toContain(`scanin:${kind}`)
    }
  })

  test('T13 no byte of any file, also of pages that are no longer used, is of a secret', () => {
    expect(secretsIn(bytes, seen)).toEqual([])
    expect(secretsIn(bytes, spelledOtherwise(seen))).toEqual([])
  })

  test('T13 every record ends by itself', async () => {
    const { root, records } = await openDiskTables(folder)
    const rows = [...records.getRange()]
    await root.close()
    expect(rows.length).toBeGreaterThan(10)
    for (const { key, value } of rows) {
      const endsIn = Number(value.split(' ')[0]) - Date.now()
      expect({ key, isEnding: endsIn <= LONGEST_MS }).toEqual({ key, isEnding: true })
    }
  })
})
