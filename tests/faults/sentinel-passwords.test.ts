import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Sentinel, startSentinel } from '../support/sentinel.ts'
import { ROOT, startService, tryToStart } from '../support/service.ts'

/** Sentinels that ask for a password, which is another one than that of the Redis they watch. */

const OF_REDIS = 'of the redis 4711'
const OF_SENTINEL = 'of the sentinel 0815'
const USER = 'scanin'

let redis: RedisServer
let sentinel: Sentinel
let folder: string
let env: Record<string, string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-secrets-'))
  redis = await startRedis()
  const admin = new Redis(redis.port)
  await admin.config('SET', 'requirepass', OF_REDIS)
  admin.disconnect()
  sentinel = await startSentinel(redis.port, {
    lines: [
      `requirepass "${OF_SENTINEL}"`,
      `user ${USER} on >word-of-the-user ${documentedRights()}`,
      `sentinel auth-pass main "${OF_REDIS}"`,
    ],
    password: OF_SENTINEL,
  })
  env = {
    REDIS_SENTINELS: `127.0.0.1:${sentinel.port}`,
    REDIS_SENTINEL_NAME: 'main',
    REDIS_PASSWORD: OF_REDIS,
  }
})
afterAll(async () => {
  await Promise.all([sentinel?.stop(), redis?.stop()])
  rmSync(folder, { recursive: true })
})

function documentedRights(): string {
  const docs = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
  const [, rights] = /^ACL SETUSER scanin on >PASSWORD (.+ \+sentinel.+)$/m.exec(docs) ?? []
  if (rights === undefined) throw new Error('docs/operations.md has no user for Sentinels')
  return rights
}

async function expectToWork(more: Record<string, string>) {
  const service = await startService({ ...env, ...more })
  await signInBrowser(createClient(service.url), await createPhone(service.url))
  await service.stop()
}

async function expectOneLine(more: Record<string, string>, code: string) {
  const { code: exit, said } = await tryToStart({ ...env, ...more })
  expect(exit).toBe(1)
  const [line, ...rest] = said.split('\n').filter((one) => one.includes('Sentinel'))
  expect(line).toContain('REDIS_SENTINEL_PASSWORD')
  expect(line).toContain(code)
  expect(rest).toEqual([])
  expect(said).not.toContain(OF_SENTINEL)
  expect(said).not.toContain(OF_REDIS)
}

test('a service that is told the password signs people in', () =>
  expectToWork({ REDIS_SENTINEL_PASSWORD: OF_SENTINEL }))

test('a service that is told a user, and a file with its password, signs people in', async () => {
  const path = join(folder, 'sentinel')
  writeFileSync(path, 'word-of-the-user\n')
  await expectToWork({ REDIS_SENTINEL_USERNAME: USER, REDIS_SENTINEL_PASSWORD_FILE: path })
})

test('a service that is told none ends with one line that names the variable', () => expectOneLine({}, 'NOAUTH'))

test('a service that is told a wrong one ends with one line that names the variable', () =>
  expectOneLine({ REDIS_SENTINEL_PASSWORD: `${OF_REDIS} wrong` }, 'WRONGPASS'))
