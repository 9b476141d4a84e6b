import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { findProgram, startProcess, untilReady } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { signInBrowser, startLogin } from '../support/login-flow.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { openSocket, sendRaw } from '../support/raw-socket.ts'
import { startServiceProcess } from '../support/service.ts'
import { NOT_TAKEN } from '../support/stopping-service.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The service with exactly this environment, until it ends by itself. */
async function runToEnd(env: Record<string, string>) {
  const running = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], { cwd: ROOT, env })
  return { code: await running.exited, ...running }
}

/** A GET on whatever connection the agent has. */
function getBy(agent: Agent, url: string): Promise<{ status: unknown; connection: unknown; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, async (reply) => {
      let text = ''
      for await (const chunk of reply) text += chunk
      resolve({ status: reply.statusCode, connection: reply.headers.connection, text })
    }).on('error', reject)
  })
}

type Stopping = Awaited<ReturnType<typeof startServiceProcess>>

/** Sends SIGTERM. @returns once no new connections are taken; when it has ended, `exited` says */
async function beginToStop(service: Stopping): Promise<void> {
  void service.stop('SIGTERM')
  await eventually('new connections are refused', () =>
    createClient(service.url)
      .get('/healthz')
      .then(
        () => false,
        () => true,
      ),
  )
}

/** A request that is half sent when SIGTERM comes, and whole after `meanwhile`. */
function getWhileItStops(service: Stopping, meanwhile: () => void = () => undefined) {
  return sendRaw(service.port, async (write) => {
    write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
    // Whatever was sent before this reply has been read by the service.
    await createClient(service.url).get('/healthz')
    await beginToStop(service)
    meanwhile()
    write('\r\n')
  })
}

test('a start says where to open it, as whom to sign in, which store it has and what is insecure', async () => {
  const service = await startServiceProcess()
  expect(service.stderr()).toContain(`${service.url}/`)
  expect(service.stderr()).toMatch(/Sign in +on the phone as demo/)
  expect(service.stderr()).toMatch(/Store +embedded: this one process/)
  expect(service.stderr()).toMatch(/Careful +plain http/)
  expect(await service.stop()).toBe(0)
})

test('the container gives Node the options that `npm start` gives it', () => {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
  const [, started = ''] =
    /exec (node .*dist\/server\/main\.js)/.exec(JSON.parse(read('package.json')).scripts.start) ?? []
  const [, command = '[]'] = /^CMD (\[.*main\.js"\])$/m.exec(read('Dockerfile')) ?? []
  expect(started).not.toBe('')
  expect(JSON.parse(command).join(' ')).toBe(started)
})

test('without a DEMO_PASSWORD each start makes one, says it, and it works', async () => {
  const service = await startServiceProcess({ DEMO_PASSWORD: '' })
  const [, password] = /as demo, password (\S+)/.exec(service.stderr()) ?? []
  const reply = await createClient(service.url).post('/sign-in', { username: 'demo', password })
  expect(reply.status).toBe(200)
  await service.stop()
})

test('logs are JSON lines on standard output, and nothing else is there', async () => {
  const service = await startServiceProcess({ LOG_LEVEL: 'debug' })
  await signInBrowser(createClient(service.url), await createPhone(service.url))
  await service.stop()
  const lines = service.stdout().trim().split('\n')
  expect(lines.length).toBeGreaterThan(5)
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
})

test('METRICS_PORT serves what was counted, and the service itself does not', async () => {
  const port = await freePort()
  const service = await startServiceProcess({ METRICS_PORT: String(port) })
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  await browser.get(`/login/status/${token}`)
  const metrics = await createClient(`http://127.0.0.1:${port}`).get('/metrics')
  expect(metrics.headers['content-type']).toContain('text/plain')
  expect(metrics.text).toContain('scanin_http_replies_total{method="GET",route="/login/status/:token",status="200"} 1')
  expect(metrics.text).not.toContain(token)
  expect((await browser.get('/metrics')).status).toBe(404)
  expect(await service.stop()).toBe(0)
})

test('SIGTERM answers held polls at once, takes no new connections, and ends with 0', async () => {
  const service = await startServiceProcess({ POLL_HOLD_SECONDS: '25' })
  const browser = createClient(service.url)
  const token = await startLogin(browser)
  const held = browser.get(`/login/status/${token}?seen=pending&wait=25`)
  await browser.get('/healthz')
  const code = service.stop('SIGTERM')
  expect((await held).json).toMatchObject({ status: 'pending' })
  // 0, and not the 1 of a process that had to cut its own end short.
  expect(await code).toBe(0)
  await expect(browser.get('/healthz')).rejects.toThrow(NOT_TAKEN)
})

test('a signal that comes again, as to a group of processes, cuts nothing short', async () => {
  const service = await startServiceProcess()
  const reply = await getWhileItStops(service, () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) service.child.kill(signal)
  })
  expect(reply.status).toBe(200)
  expect(await service.exited).toBe(0)
})

test('SIGTERM while it starts, and waits for its store, ends it with 0', async () => {
  const store = createServer().listen(0, '127.0.0.1')
  await once(store, 'listening')
  const { port } = store.address() as AddressInfo
  const starting = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], {
    env: { PORT: String(await freePort()), REDIS_URL: `redis://127.0.0.1:${port}` },
  })
  await once(store, 'connection')
  expect(await starting.stop('SIGTERM')).toBe(0)
  expect(starting.stdout()).not.toContain('"listening"')
  store.close()
})

test('SIGHUP has files read again; where there are none it ends nothing, and the log says so', async () => {
  const accounts = await writeAccounts([ZOFIA])
  const [demo, ofFile] = await Promise.all([
    startServiceProcess(),
    startServiceProcess({ ACCOUNTS_FILE: accounts.path }),
  ])
  demo.reload()
  await eventually('the log says so', () => demo.stdout().includes('"msg":"there is no file to read again"'))
  // One that comes while it stops ends it no sooner.
  const reply = await getWhileItStops(demo, () => demo.reload())
  expect([reply.status, await demo.exited]).toEqual([200, 0])
  ofFile.reload()
  await eventually('the file is read again', () => ofFile.stdout().includes('"msg":"accounts '))
  expect(await ofFile.stop()).toBe(0)
})

/** Whether a process has a handler of its own for a signal, by its number (Linux). */
function hears({ pid }: { pid?: number | undefined }, signal: number): boolean {
  const [, caught = '0'] = /^SigCgt:\t(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n
}

test('SIGHUP while it starts, and waits for its files, has them read again once they are there', async () => {
  const { path } = await writeAccounts([ZOFIA])
  const whole = readFileSync(path)
  const pipe = `${path}.pipe`
  execFileSync('mkfifo', [pipe])
  const starting = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], {
    env: { PORT: String(await freePort()), ACCOUNTS_FILE: pipe },
  })
  await eventually('it has a way of its own with SIGHUP', () => hears(starting.child, constants.signals.SIGHUP))
  starting.child.kill('SIGHUP')
  const writing = await open(pipe, 'w')
  renameSync(path, pipe)
  await writing.writeFile(whole)
  await writing.close()
  await untilReady(starting, () => starting.stdout().includes('"msg":"accounts read again"'))
  await untilReady(starting, () => starting.stdout().includes('"msg":"listening"'))
  expect(await starting.stop()).toBe(0)
})

test('a terminal that closes ends, in order, what was started at it and has no file to read again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-terminal-'))
  const log = join(folder, 'log')
  const terminal = startProcess(
    findProgram('SCRIPT', 'script'),
    ['-qec', `exec '${process.execPath}' dist/server/main.js >'${log}'`, '/dev/null'],
    { cwd: ROOT, env: { PATH: process.env['PATH'], PORT: String(await freePort()), HOST: '127.0.0.1' } },
  )
  await untilReady(terminal, () => existsSync(log) && readFileSync(log, 'utf8').includes('"msg":"listening"'))
  terminal.child.kill('SIGKILL')
  await eventually('it ends in order', () => readFileSync(log, 'utf8').includes('"msg":"stopping"'))
  rmSync(folder, { recursive: true })
})

test('a request that is half sent when SIGTERM comes gets its answer all the same, and the connection ends with it', async () => {
  const service = await startServiceProcess()
  const reply = await getWhileItStops(service)
  expect([reply.status, reply.headers.get('connection')]).toEqual([200, 'close'])
  expect(await service.exited).toBe(0)
})

test('a connection that rests when SIGTERM comes has its next request answered, as its last; /readyz says why', async () => {
  const service = await startServiceProcess()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const first = await getBy(agent, `${service.url}/readyz`)
  expect([first.status, first.connection]).toEqual([200, 'keep-alive'])
  void service.stop('SIGTERM')
  await eventually('it is stopping', () => service.stdout().includes('"msg":"stopping"'))
  const last = await getBy(agent, `${service.url}/readyz`)
  expect([last.status, last.connection]).toEqual([503, 'close'])
  expect(JSON.parse(last.text).code).toBe('stopping')
  expect(await service.exited).toBe(0)
})

test('connections that say nothing, or stop in the middle, do not keep SIGTERM from ending with 0', async () => {
  const service = await startServiceProcess()
  const sockets = await Promise.all(
    ['', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Le'].map((beginning) => openSocket(service.port, beginning)),
  )
  // Whatever was sent before this reply has been read by the service.
  await createClient(service.url).get('/healthz')
  expect(await service.stop('SIGTERM')).toBe(0)
  for (const socket of sockets) socket.destroy()
})

test('SIGTERM ends a service whose Redis is gone', async () => {
  const service = await startServiceProcess({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  expect(service.stderr()).toContain('NOT WORKING')
  expect((await createClient(service.url).get('/readyz')).status).toBe(503)
  expect((await createClient(service.url).get('/healthz')).status).toBe(200)
  expect(await service.stop()).toBe(0)
})

test('bad configuration ends the start with one line that names every bad variable', async () => {
  const { code, stderr, stdout } = await runToEnd({ PORT: 'x', MATCH: 'maybe', LOGIN_SECONDS: '-5' })
  expect(code).toBe(1)
  expect(stderr().trim().split('\n')).toHaveLength(1)
  for (const name of ['PORT', 'MATCH', 'LOGIN_SECONDS']) expect(stderr()).toContain(name)
  expect(stdout()).toBe('')
})

test('an accounts file that cannot be used ends the start with a line that says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-accounts-'))
  const path = join(folder, 'accounts.yaml')
  expect((await runToEnd({ ACCOUNTS_FILE: path })).stderr()).toContain('ACCOUNTS_FILE cannot be read')
  writeFileSync(path, '- {username: ann, name: Ann, password_hash: hunter2}')
  const { code, stderr } = await runToEnd({ ACCOUNTS_FILE: path })
  expect([code, stderr()]).toEqual([1, expect.stringContaining('entry 1: password_hash')])
  expect(stderr()).not.toContain('hunter2')
  rmSync(folder, { recursive: true })
})

test('a port that is taken ends the start with 1', async () => {
  const service = await startServiceProcess()
  const { code, stderr } = await runToEnd({ HOST: '127.0.0.1', PORT: String(service.port), DEMO_PASSWORD: 'x' })
  expect([code, stderr()]).toEqual([1, expect.stringContaining('EADDRINUSE')])
  await service.stop()
})

test('npm run hash-password makes a hash that an accounts file takes and the password opens', async () => {
  const hashing = startProcess('sh', ['-c', 'printf "s3cret pass" | npm run --silent hash-password'], { cwd: ROOT })
  expect(await hashing.exited).toBe(0)
  const folder = mkdtempSync(join(tmpdir(), 'scanin-accounts-'))
  const path = join(folder, 'accounts.json')
  writeFileSync(path, JSON.stringify([{ username: 'ann', name: 'Ann', password_hash: hashing.stdout().trim() }]))
  const service = await startServiceProcess({ ACCOUNTS_FILE: path })
  const reply = await createClient(service.url).post('/sign-in', { username: 'ann', password: 's3cret pass' })
  expect(reply.json).toEqual({ user: { id: 'ann', name: 'Ann' } })
  await service.stop()
  rmSync(folder, { recursive: true })
})

test('npm start builds first when nothing is built, and SIGTERM to npm ends the service', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-start-'))
  for (const part of ['package.json', '.npmrc', 'tsconfig.json', 'server', 'web']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  // Other languages are built as this one is.
  const messages = join(folder, 'web/messages')
  for (const name of readdirSync(messages)) if (name !== 'en.json') rmSync(join(messages, name))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'],
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  }
  const npm = startProcess('npm', ['start'], { cwd: folder, env })
  // It builds for seconds of processor time, which are minutes where a dozen others want it.
  await untilReady(npm, () => npm.stderr().includes('ScanIn '), 8 * PATIENCE_MS)
  expect((await createClient(`http://127.0.0.1:${port}`).get('/')).status).toBe(200)
  await npm.stop('SIGTERM')
  await expect(createClient(`http://127.0.0.1:${port}`).get('/healthz')).rejects.toThrow(NOT_TAKEN)
  rmSync(folder, { recursive: true })
})
