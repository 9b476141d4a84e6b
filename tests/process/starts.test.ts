import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createDiskStore } from '../../server/store/disk-store.ts'
import { writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { startProcess, untilReady } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient } from '../support/http-client.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { ROOT, type Service, startService, tryToStart } from '../support/service.ts'

/** A start that cannot be ends with one line: what is wrong, which variable, what to do. */

const SECRET = 'gehe1mnis-zz9'
/** One connection more. */
const DURABLE = { REDIS_WAIT_REPLICAS: '1' }

let redis: RedisServer
let latePort: number
/** Each waits some seconds for its Redis before it comes up without: they wait side by side. */
let away: Record<'server' | 'name' | 'socket' | 'cluster' | 'sentinel', Service>

beforeAll(async () => {
  latePort = await freePort()
  const nobody = `127.0.0.1:${await freePort()}`
  const [server, name, socket, cluster, sentinel] = await Promise.all([
    startService({ REDIS_URL: `redis://:${SECRET}@127.0.0.1:${latePort}` }),
    startService({ REDIS_URL: `redis://:${SECRET}@nowhere.invalid` }),
    startService({ REDIS_URL: `unix://user:${SECRET}@/tmp/no-such.sock?db=1&password=${SECRET}`, ...DURABLE }),
    startService({ REDIS_CLUSTER: nobody, REDIS_PASSWORD: SECRET, ...DURABLE }),
    startService({ REDIS_SENTINELS: nobody, REDIS_SENTINEL_NAME: 'main', REDIS_SENTINEL_PASSWORD: SECRET, ...DURABLE }),
  ])
  away = { server, name, socket, cluster, sentinel }
  redis = await startRedis()
  const admin = new Redis(redis.url)
  await admin.config('SET', 'requirepass', SECRET)
  admin.disconnect()
})
afterAll(async () => {
  await Promise.all(Object.values(away).map((service) => service.stop()))
  await redis.stop()
})

const LEAST = { HOST: '127.0.0.1', PORT: '0', DEMO_PASSWORD: 'x' }

/** The service with exactly this environment, as a process, until it ends by itself. */
async function runToEnd(env: Record<string, string>) {
  const running = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], { cwd: ROOT, env })
  return { code: await running.exited, said: running.stdout() + running.stderr() }
}

async function expectOneLine(env: Record<string, string>, ...words: string[]): Promise<void> {
  expectLine(await tryToStart({ ...LEAST, ...env }), words)
}

function expectLine({ code, said }: { code: number | null; said: string }, words: string[]): void {
  expect(code).toBe(1)
  expect(said.trim().split('\n')).toHaveLength(1)
  for (const word of words) expect(said).toContain(word)
  expect(said).not.toMatch(/\n {4}at /)
  expect(said).not.toContain(SECRET)
}

describe('a Redis that will not have us', () => {
  test('a wrong password', () =>
    expectOneLine(
      { REDIS_URL: `redis://:wrong-${SECRET}@127.0.0.1:${redis.port}` },
      'REDIS_URL',
      'password',
      'WRONGPASS',
    ))

  test('a user that is not there', () =>
    expectOneLine({ REDIS_URL: `redis://nobody:${SECRET}@127.0.0.1:${redis.port}` }, 'REDIS_URL', 'user name'))

  test('no password where one is asked for', () => expectOneLine({ REDIS_URL: redis.url }, 'REDIS_PASSWORD', 'NOAUTH'))

  test('no password for a Cluster', () =>
    expectOneLine({ REDIS_CLUSTER: `127.0.0.1:${redis.port}` }, 'REDIS_CLUSTER', 'REDIS_PASSWORD'))

  test('a database that is not there', () =>
    expectOneLine({ REDIS_URL: `redis://:${SECRET}@127.0.0.1:${redis.port}/99` }, 'REDIS_URL', 'database'))

  test('a Redis that is no Cluster', () =>
    expectOneLine({ REDIS_CLUSTER: `127.0.0.1:${redis.port}`, REDIS_PASSWORD: SECRET }, 'REDIS_CLUSTER', 'no Cluster'))

  test.each([
    ['one server', (host: string) => ({ REDIS_URL: `redis://${host}` }), 'REDIS_URL'],
    ['one server, in a database of its own', (host: string) => ({ REDIS_URL: `redis://${host}/3` }), 'REDIS_URL'],
    ['a Cluster', (host: string) => ({ REDIS_CLUSTER: host }), 'REDIS_CLUSTER'],
  ])('protected mode, which only takes its own machine: %s', async (_what, named, variable) => {
    const port = await freePort()
    const refusing = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(
        '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface.\r\n',
      )
    }).listen(port, '127.0.0.1')
    await expectOneLine(named(`127.0.0.1:${port}`), variable, 'protected mode')
    refusing.close()
  })
})

test.each([
  ['a server that is away', 'server', 'cannot be reached at REDIS_URL'],
  ['a name that leads nowhere', 'name', 'name is not known: see REDIS_URL'],
  ['a socket that is not there', 'socket', 'no socket at the path in REDIS_URL'],
  ['a Cluster that is away', 'cluster', 'REDIS_CLUSTER'],
  ['Sentinels that are away', 'sentinel', 'REDIS_SENTINELS'],
] as const)('%s is named once however often it is tried, and no password with it', async (_name, which, words) => {
  const service = away[which]
  const client = createClient(service.url)
  for (let asked = 0; asked < 3; asked++) expect((await client.get('/readyz')).status).toBe(503)
  expect(service.stderr()).toContain('NOT WORKING')
  expect(service.stderr()).toContain(words)
  const lines = service
    .stdout()
    .split('\n')
    .filter((line) => line.includes(words))
  // What comes a minute later counts it.
  expect(lines.filter((line) => !line.includes('"times"'))).toHaveLength(1)
  expect(service.stdout() + service.stderr()).not.toMatch(new RegExp(`${SECRET}|"stack"`))
})

test('a Redis that comes late is worked with', async () => {
  const late = await startRedis({ port: latePort })
  const client = createClient(away.server.url)
  await eventually('the service is ready', async () => (await client.get('/readyz')).status === 200)
  await late.stop()
})

test('a socket of Redis is signed in to, by a password and in a database of its own', async () => {
  const path = `/tmp/scanin-test-${redis.port}.sock`
  const socketed = await startRedis({ args: ['--unixsocket', path] })
  const admin = new Redis(socketed.url)
  await admin.config('SET', 'requirepass', SECRET)
  const service = await startService({ REDIS_URL: `unix:${path}?password=${SECRET}&db=3` })
  const client = createClient(service.url)
  await eventually('the service is ready', async () => (await client.get('/readyz')).status === 200)
  await eventually('a login is begun', async () => (await client.post('/login', {})).status === 201)
  expect(await admin.info('keyspace')).toMatch(/db3:keys=/)
  expect(await service.stop()).toBe(0)
  admin.disconnect()
  await socketed.stop()
})

test('an address of Redis that cannot be right', () =>
  expectOneLine({ REDIS_URL: `redis://:${SECRET}/#x@127.0.0.1` }, 'REDIS_URL', '%2F', '%23'))

describe('an address to listen on', () => {
  test('a port that is taken', async () => {
    const service = await startService()
    await expectOneLine({ PORT: String(service.port) }, 'PORT', 'taken', 'EADDRINUSE')
    await expectOneLine({ METRICS_PORT: String(service.port) }, 'METRICS_PORT', 'taken')
    await expectOneLine({ ADMIN_PORT: String(service.port), ADMIN_TOKEN }, 'ADMIN_PORT', 'taken')
    await service.stop()
  })

  test('a host that is not ours', () => expectOneLine({ HOST: '192.0.2.77' }, 'HOST', '192.0.2.77'))
  test('a host that is none', () => expectOneLine({ HOST: 'nowhere.invalid' }, 'HOST'))
  test('a host of metrics that is none', () =>
    expectOneLine({ METRICS_HOST: 'nowhere.invalid', METRICS_PORT: '0' }, 'METRICS_HOST'))
  test('one port for two', () => expectOneLine({ PORT: '27777', METRICS_PORT: '27777' }, 'METRICS_PORT', 'PORT'))
})

test.each(['0.0.0.0', '127.0.0.1'])(
  'the log says where it listens as it is bound, and calls all addresses not loopback: HOST=%s',
  async (host) => {
    const service = await startService({ HOST: host })
    const [line] = /^.*"msg":"listening".*$/m.exec(service.stdout()) ?? []
    expect(JSON.parse(line ?? '')).toMatchObject({ host, port: service.port })
    expect(await service.stop()).toBe(0)
  },
)

test('metrics and operators` port listen on loopback alone, whatever HOST says', async () => {
  const [port, adminPort] = [await freePort(), await freePort()]
  const env = { METRICS_PORT: String(port), ADMIN_PORT: String(adminPort), ADMIN_TOKEN }
  const service = await startService({ HOST: '0.0.0.0', ...env })
  expect((await createClient(`http://127.0.0.1:${port}`).get('/metrics')).status).toBe(200)
  expect((await createClient(`http://127.0.0.1:${adminPort}`).get('/metrics')).status).toBe(401)
  expect(service.stderr()).toContain('who is blocked on ADMIN_PORT is so until this process ends')
  expect(service.stderr()).not.toContain('ADMIN_HOST')
  for (const one of [port, adminPort])
    await expect(createClient(`http://127.0.0.2:${one}`).get('/metrics')).rejects.toThrow('ECONNREFUSED')
  expect((await createClient(`http://127.0.0.2:${service.port}`).get('/healthz')).status).toBe(200)
  expect(await service.stop()).toBe(0)
})

test('variables that are misspelt end the start with one line that names them all', () =>
  expectOneLine(
    { TRUST_PROXYS: '10.0.0.1', POLL_HOLD: '5', MATCH: 'maybe', REDIS_URI: 'redis://x' },
    ...['TRUST_PROXYS', 'TRUST_PROXY?', 'POLL_HOLD', 'POLL_HOLD_SECONDS', 'MATCH', 'REDIS_URL?'],
  ))

describe('bad files, all of which are named in one line', () => {
  const NO_FILES = {
    ...{ ACCOUNTS_FILE: '/no', CLIENTS_FILE: '/no', SIGNING_KEYS_FILE: '/no', APPS_FILE: '/no' },
    ...{ GEOIP_FILE: '/no', APP_LINKS_FILE: '/no', BRAND_LOGO: '/no' },
  }
  const namesIn = (said: string) => said.match(/\b[A-Z]+(_[A-Z]+)+\b/g)

  test('none of them there', async () => {
    const start = await tryToStart({ HOST: '127.0.0.1', PORT: '0', ...NO_FILES })
    expectLine(start, Object.keys(NO_FILES))
    expect(namesIn(start.said)?.sort()).toEqual(Object.keys(NO_FILES).sort())
  })

  test('beside bad variables, and beside one that is bad by what it says', async () => {
    const env = { HOST: '127.0.0.1', PORT: '99999', MATCH: 'maybe', ADMIN_BIND: '::1', APPS_FILE: '/no' }
    const both = { GEOIP_FILE: '/no', GEOIP_FILE_FILE: '/dev/null' }
    const start = await tryToStart({ ...env, ...both, ACCOUNTS_FILE: '/no', CLIENTS_FILE: '/dev/null' })
    expectLine(start, ['Bad configuration: PORT (', 'MATCH (', 'ADMIN_BIND (', 'GEOIP_FILE (set both'])
    expect(start.said).toContain('; ACCOUNTS_FILE cannot be read (ENOENT); CLIENTS_FILE: must be array of clients')
    expect(namesIn(start.said)?.filter((name) => name.endsWith('_FILE'))).toEqual([
      ...['GEOIP_FILE', 'GEOIP_FILE_FILE', 'ACCOUNTS_FILE', 'CLIENTS_FILE', 'APPS_FILE'],
    ])
  })
})

test('keys that are to sign and are not there end the start with one line', () =>
  expectOneLine(
    { TOKEN_AUDIENCES: 'orders', SIGNING_KEYS_FILE: '/no/such/keys.json' },
    'SIGNING_KEYS_FILE cannot be read (ENOENT)',
  ))

test('the process writes that line, and ends with 1', async () =>
  expectLine(await runToEnd({ ...LEAST, HOST: '192.0.2.77', POLL_HOLD: '5' }), ['POLL_HOLD']))

describe('a folder that cannot be the store', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scanin-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('as a file is there', () => {
    writeFileSync(join(folder, 'file'), '')
    return expectOneLine({ STORE_PATH: join(folder, 'file') }, 'STORE_PATH', 'cannot be written to', 'EEXIST')
  })

  test('as it has no place', () =>
    expectOneLine({ STORE_PATH: '/dev/null/data' }, 'STORE_PATH', 'cannot be written to'))

  // Where nothing can be made, Node's own way of making folders goes on for ever.
  test('as nobody can make one there', () =>
    expectOneLine({ STORE_PATH: '/proc/scanin/store' }, 'STORE_PATH', 'cannot be written to', 'ENOENT'))

  test('as a copy of it was cut short, wherever', async () => {
    const whole = join(folder, 'whole')
    const store = await createDiskStore({ path: whole, keyPrefix: '', clock: Date.now })
    const keys = Array.from({ length: 300 }, (_, at) => `key:${at}`)
    await Promise.all(keys.map((key) => store.write(key, 'x'.repeat(500), { expiresAt: Date.now() + 60_000 })))
    await store.close()
    const data = readFileSync(join(whole, 'data.mdb'))
    for (const [at, bytes] of [100, 5000, data.length / 2].entries()) {
      const path = join(folder, `cut-${at}`)
      mkdirSync(path)
      writeFileSync(join(path, 'data.mdb'), data.subarray(0, bytes))
      await expectOneLine({ STORE_PATH: path }, 'STORE_PATH', 'cut short', 'backup')
    }
  })

  test('but one whose last pages are free may do without them', async () => {
    const path = join(folder, 'free-pages')
    const store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
    const keys = Array.from({ length: 300 }, (_, at) => `key:${at}`)
    const expiresAt = Date.now() + 60_000
    await Promise.all(keys.map((key) => store.write(key, 'x'.repeat(500), { expiresAt })))
    await Promise.all(keys.map((key) => store.remove(key)))
    for (let again = 0; again < 50; again++) await store.write('kept', again, { expiresAt })
    await store.close()
    const { size } = statSync(join(path, 'data.mdb'))
    truncateSync(join(path, 'data.mdb'), size - 4096)
    const service = await startService({ STORE_PATH: path })
    expect(await service.stop()).toBe(0)
  })

  test('as something else is in it', () => {
    writeFileSync(join(folder, 'data.mdb'), 'no store at all '.repeat(1000))
    return expectOneLine({ STORE_PATH: folder }, 'STORE_PATH', 'no store of ScanIn')
  })

  test('as there is a Redis too', () =>
    expectOneLine({ STORE_PATH: folder, REDIS_CLUSTER: 'a:1' }, 'STORE_PATH', 'REDIS_CLUSTER'))
})

test('an empty file of a secret ends the start with a line that says so', () =>
  expectOneLine({ DEMO_PASSWORD: '', DEMO_PASSWORD_FILE: '/dev/null' }, 'DEMO_PASSWORD_FILE', 'empty'))

test('a machine without a network card starts, works there, and tells that no phone reaches it', async () => {
  const service = await startService({ PUBLIC_URL: '' }, {})
  await eventually('the welcome is whole', () => service.stderr().includes('demo account'))
  expect(service.stderr()).toContain(`Open     ${service.url}/`)
  expect(service.stderr()).toMatch(/127\.0\.0\.1 is this machine alone: no phone reaches it\. Set PUBLIC_URL/)
  const { status } = await createClient(service.url).get('/')
  expect(status).toBe(200)
  expect(await service.stop()).toBe(0)
})

test('a public URL that no phone can open, or has a passkey at, is told', async () => {
  const service = await startService({ CONFIRM: 'passkey' })
  await eventually('the welcome is whole', () => service.stderr().includes('demo account'))
  expect(service.stderr()).toMatch(/CONFIRM=passkey.*nobody can confirm/)
  expect(service.stderr()).toMatch(/no phone reaches it. Set PUBLIC_URL/)
  expect(await service.stop()).toBe(0)
})

test('a file of more accounts than a call takes arguments is one like any other', async () => {
  const accounts = await writeAccounts([ZOFIA])
  const [{ password_hash: hash }] = JSON.parse(readFileSync(accounts.path, 'utf8'))
  const entries = Array.from({ length: 25_000 }, (_, at) => `- {username: u${at}, name: N, password_hash: *hash}`)
  accounts.writeText([`- {username: first, name: N, password_hash: &hash "${hash}"}`, ...entries].join('\n'))
  // With a sixth of the usual stack: as many people as would fill all of it take long to read.
  const running = startProcess(process.execPath, ['--stack-size=160', join(ROOT, 'dist/server/main.js')], {
    env: { HOST: '127.0.0.1', PORT: '0', ACCOUNTS_FILE: accounts.path },
  })
  await untilReady(running, () => running.stderr().includes('ScanIn '))
  expect(await running.stop()).toBe(0)
  accounts.remove()
})
