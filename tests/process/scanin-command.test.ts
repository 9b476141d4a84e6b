import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turnsEnd } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { findProgram, startProcess } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { ADMIN_TOKEN, createOperator, type Operator } from '../support/operator.ts'
import { ROOT, type ServiceProcess, startServiceProcess } from '../support/service.ts'

/** `scanin` as whoever runs the service types it: each time a process of its own. */

const CLI = join(ROOT, 'dist/server/cli.js')
const PASSWORD = 'Murmel-Anker-Distel-5'

let folder: string
let path: string
let operator: Operator
let service: ServiceProcess

async function firstFree(server: Server, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const listening = new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
    server.listen(port, '127.0.0.1')
    if (await listening.then(() => true).catch(() => false)) return port
  }
  throw new Error(`none of ${ports} is free`)
}

/** @param typed what is piped in, through a file: a process has no other input here */
function start(args: string[], { typed, env = {} }: { typed?: string; env?: Record<string, string> } = {}) {
  const inputs = join(folder, 'inputs')
  mkdirSync(inputs, { recursive: true })
  const input = join(inputs, String(readdirSync(inputs).length))
  writeFileSync(input, typed ?? '')
  const told = { PATH: process.env['PATH'], ACCOUNTS_FILE: path, ...operator.env, ...env }
  return startProcess(
    'sh',
    ['-c', 'input=$1; shift; exec "$@" <"$input"', 'sh', input, process.execPath, CLI, ...args],
    {
      cwd: ROOT,
      env: told,
    },
  )
}

async function run(args: string[], how: Parameters<typeof start>[1] = {}) {
  const running = start(args, how)
  const code = await running.exited
  return { code, out: running.stdout(), err: running.stderr() }
}

const add = (username: string) => ['accounts', 'add', username, '--name', `${username} by name`]
const usernames = (): string[] =>
  parse(readFileSync(path, 'utf8')).map(({ username }: { username: string }) => username)

async function signIn(username: string, password: string, client = createClient(service.url)): Promise<number> {
  return (await client.post('/sign-in', { username, password })).status
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-command-'))
  mkdirSync(join(folder, 'accounts'))
  path = join(folder, 'accounts/people.yaml')
  operator = await createOperator()
  const made = await run([...add('ada'), '--id', 'uid-1', '--group', 'staff', '--group', 'night shift'], {
    typed: `${PASSWORD}\n`,
  })
  expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`ada was added to ${path}`) })
  writeFileSync(path, `# ours\n${readFileSync(path, 'utf8')}`)
  service = await startServiceProcess({ ACCOUNTS_FILE: path, ...operator.env })
})

afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

describe('scanin accounts', () => {
  test('adds, disables, enables and gives new passwords, and a service that runs knows', async () => {
    expect(await signIn('ada', PASSWORD)).toBe(200)
    expect((await run(add('bob'), { typed: PASSWORD })).code).toBe(0)
    const phone = createClient(service.url)
    await eventually('bob is known', async () => (await signIn('bob', PASSWORD, phone)) === 200)
    expect((await run(['accounts', 'disable', 'BOB'])).out).toContain('BOB is disabled')
    await eventually('bob is out', async () => (await phone.get('/session')).status === 401)
    await run(['accounts', 'enable', 'bob'])
    await eventually('bob is back', async () => (await signIn('bob', PASSWORD, phone)) === 200)
    await run(['accounts', 'passwd', 'bob'], { typed: '\ufeffanother one\r\nand no second line' })
    await eventually('only the new one is good', async () => (await phone.get('/session')).status === 401)
    expect([await signIn('bob', PASSWORD), await signIn('bob', 'another one')]).toEqual([401, 200])
    const told = service
      .stdout()
      .split('\n')
      .filter((line) => line.includes('"account.ended"'))
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { person: 'bob', reason: 'disabled' },
      { person: 'bob', reason: 'new_password' },
    ])
    expect(readFileSync(path, 'utf8')).toMatch(/^# ours\n- id: uid-1\n/)
  })

  test('lists them, without anything that passwords could be tried on', async () => {
    const { out } = await run(['accounts', 'list'])
    expect(out).toMatch(
      /^USERNAME +ID +NAME +EMAIL +GROUPS\nada +uid-1 +ada by name +staff, night shift\nbob +bob +bob by name\n$/,
    )
    const json = await run(['accounts', 'list', '--json', '--file', path], { env: { ACCOUNTS_FILE: '/none' } })
    expect(JSON.parse(json.out)).toMatchObject([{ id: 'uid-1', groups: ['staff', 'night shift'] }, { username: 'bob' }])
    expect(out + json.out).not.toContain('argon2')
  })

  test.each<[string, string[], string, string]>([
    ['a name that is taken', add('Ada'), PASSWORD, 'its username is taken by entry 1'],
    ['no password', add('eve'), '\n', 'No password was given'],
    ['a password that can be none', add('eve'), 'a\u0007b', 'no control characters'],
    ['somebody who is not there', ['accounts', 'passwd', 'eve'], PASSWORD, 'There is no "eve"'],
    ['a file that is not there', ['accounts', 'list', '--file', '/none/at.all'], '', '/none is no folder'],
    ['no name', ['accounts', 'add', 'eve'], PASSWORD, '--name NAME'],
    ['a password in an argument', [...add('eve'), '--password', PASSWORD], '', "Unknown option '--password'"],
    ['a command that is none', ['accounts', 'remove', 'ada'], '', 'no such command'],
  ])('%s changes nothing, and a line says so', async (_what, args, typed, why) => {
    const before = readFileSync(path, 'utf8')
    const { code, out, err } = await run(args, { typed })
    expect([code === 0, out, err]).toEqual([false, '', expect.stringContaining(why)])
    expect(err).not.toMatch(/^ +at /m)
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(readdirSync(join(folder, 'accounts'))).toEqual(['people.yaml'])
  })

  test('a file that is not UTF-8 is left as it is, as the service refuses it', async () => {
    const latin = join(folder, 'latin.yaml')
    const written = Buffer.concat([Buffer.from('# J\xfcrgen left in May\n', 'latin1'), readFileSync(path)])
    writeFileSync(latin, written)
    for (const args of [['list'], ['disable', 'ada'], ['add', 'eve', '--name', 'Eve'], ['passwd', 'ada']]) {
      const { code, err } = await run(['accounts', ...args, '--file', latin], { typed: PASSWORD })
      expect([args, code, err]).toEqual([args, 1, expect.stringContaining(`${latin}: not UTF-8`)])
      expect(readFileSync(latin).equals(written)).toBe(true)
    }
    rmSync(latin)
  })

  test('what is typed at a terminal is not shown, and has to be typed twice alike', async () => {
    const typing = async (username: string, ...lines: string[]) => {
      const command = `'${process.execPath}' '${CLI}' accounts add ${username} --name Typed`
      const env = { PATH: process.env['PATH'], ACCOUNTS_FILE: path }
      const terminal = spawn(findProgram('SCRIPT', 'script'), ['-qec', command, '/dev/null'], { env })
      let shown = ''
      terminal.stdout.on('data', (chunk) => {
        shown += chunk
      })
      const ended = once(terminal, 'exit')
      for (const [at, question] of ['New password: ', 'Once more: '].entries()) {
        await eventually('it asks', async () => shown.includes(question))
        terminal.stdin.write(`${lines[at]}\r`)
      }
      await ended
      return shown
    }
    const shown = await typing('typed', PASSWORD, PASSWORD)
    expect(shown).toContain('New password: ')
    expect(shown).toContain('typed was added')
    expect(shown).not.toContain(PASSWORD.slice(0, 6))
    expect(await typing('mistyped', PASSWORD, 'another')).toContain('two different ones')
    expect(usernames()).not.toContain('mistyped')
  })

  test('of many at once each lands, by whichever name of the file, in JSON too', async () => {
    const link = join(folder, 'link.json')
    const real = join(folder, 'accounts/people.json')
    writeFileSync(real, '[]\n')
    symlinkSync(real, link)
    const names = Array.from({ length: 6 }, (_, at) => `many-${at}`)
    const results = await Promise.all(
      names.map((name, at) => run(add(name), { typed: PASSWORD, env: { ACCOUNTS_FILE: at % 2 === 0 ? link : real } })),
    )
    expect(results.map(({ code, err }) => [code, err])).toEqual(names.map(() => [0, '']))
    const people: { username: string }[] = JSON.parse(readFileSync(real, 'utf8'))
    expect(people.map(({ username }) => username).sort()).toEqual(names)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    rmSync(real)
  })

  test('killed in the middle, it leaves the file whole, and nobody has to clear anything away', async () => {
    for (let times = 0; times < 4; times++) {
      const before = readFileSync(path, 'utf8')
      const killed = start(add(`killed-${times}`), { typed: PASSWORD })
      const hasLock = () => readdirSync(join(folder, 'accounts')).includes('people.yaml.lock')
      while (!hasLock() && killed.child.exitCode === null) await turnsEnd()
      // At once, and a few turns later each time.
      for (let turns = 0; turns < times * 3; turns++) await turnsEnd()
      await killed.stop('SIGKILL')
      const after = readFileSync(path, 'utf8')
      expect(after === before || usernames().at(-1) === `killed-${times}`).toBe(true)
      expect((await run(add(`after-${times}`), { typed: PASSWORD })).code).toBe(0)
      expect(usernames().at(-1)).toBe(`after-${times}`)
      expect(readdirSync(join(folder, 'accounts'))).toEqual(['people.yaml'])
    }
  })
})

describe('scanin admin', () => {
  async function phoneOfAda(): Promise<Client> {
    const phone = createClient(service.url)
    await eventually('ada is in', async () => (await signIn('ada', PASSWORD, phone)) === 200)
    return phone
  }

  test('lists, ends, blocks and unblocks, as the port does', async () => {
    await run(['admin', 'end', 'uid-1'])
    const phone = await phoneOfAda()
    expect((await run(['admin', 'list', 'uid-1'])).out).toMatch(
      /^uid-1 has 1 session\.\nphone {2}Unknown browser, unknown system {2}127\.0\.0\.1 {2}since 20\S+Z {2}last seen 20\S+Z\n$/,
    )
    expect((await run(['admin', 'end', 'uid-1'])).out).toBe('uid-1 is signed out: 1 session ended.\n')
    expect((await phone.get('/session')).status).toBe(401)
    // By a user name nobody is signed out, and the line is no comfort.
    expect((await run(['admin', 'end', 'ada'])).out).toMatch(/^ada was signed in nowhere\. \(People go by their id/)
    expect((await run(['admin', 'list', 'ada'])).out).toMatch(/^ada has 0 sessions\. \(People go by their id/)
    await phoneOfAda()
    expect((await run(['admin', 'block', 'uid-1'])).out).toBe('uid-1 is blocked: 1 session ended.\n')
    expect(await signIn('ada', PASSWORD)).toBe(401)
    expect((await run(['admin', 'block', 'jwt|a b/ü'])).code).toBe(0)
    expect((await run(['admin', 'blocked'])).out).toMatch(/^uid-1 +since 20\S+Z\njwt\|a b\/ü +since 20\S+Z\n$/)
    expect(JSON.parse((await run(['admin', 'list', '--json', 'uid-1'])).out)).toMatchObject({
      blocked: true,
      sessions: [],
    })
    expect((await run(['admin', 'unblock', 'uid-1'])).out).toBe('uid-1 can sign in again.\n')
    expect(await signIn('ada', PASSWORD)).toBe(200)
    expect((await run(['admin', 'metrics'])).out).toMatch(/^scanin_audit_events_total\{event="admin.blocked"\} 2$/m)
  })

  test.each<[string, string[], Record<string, string>, string]>([
    ['another token', ['list', 'ada'], { ADMIN_TOKEN: 'x'.repeat(40) }, 'has another ADMIN_TOKEN'],
    ['no token', ['list', 'ada'], { ADMIN_TOKEN: '' }, 'ADMIN_TOKEN (or ADMIN_TOKEN_FILE)'],
    ['no port', ['list', 'ada'], { ADMIN_PORT: '' }, 'Where? ADMIN_PORT'],
    ['a port that is none', ['list', 'ada'], { ADMIN_PORT: 'abc' }, 'ADMIN_PORT (has to be a whole number'],
    ['no scheme', ['list', 'ada', '--url', '127.0.0.1:9465'], {}, 'Where? ADMIN_PORT'],
    ['a name as its scheme', ['list', 'ada', '--url', 'localhost:9465'], {}, 'or --url http://127.0.0.1:PORT'],
    ['a path', ['list', 'ada', '--url', 'https://ops.example.com/scanin'], {}, 'without a path'],
    ['nobody at the port', ['list', 'ada', '--url', 'http://127.0.0.1:9'], {}, 'Nobody answers at http://127.0.0.1:9'],
    ['nobody of that id', ['block', 'ada'], {}, 'Nobody here has that id'],
    ['no person', ['block'], {}, 'of whom?'],
  ])('with %s a line says so', async (_what, args, env, why) => {
    const { code, out, err } = await run(['admin', ...args], { env })
    expect([code === 0, out, err]).toEqual([false, '', expect.stringContaining(why)])
    expect(err).not.toMatch(/^ +at /m)
    expect(err).not.toContain(ADMIN_TOKEN)
  })

  test('a port that it cannot be is said to be none: of plain http, and the one that people come by', async () => {
    const at = (url: string) => run(['admin', 'list', 'uid-1', '--url', url])
    const byTls = await at(operator.url.replace('http:', 'https:'))
    expect([byTls.code, byTls.err]).toEqual([1, expect.stringMatching(/^Nobody answers at https:.* plain http\.\n$/)])
    const { code, err } = await at(service.url)
    expect([code, err]).toEqual([1, 'What answers there is no admin port of this ScanIn.\n'])
  })

  test('what was asked and not answered is not called undone', async () => {
    const server = createServer((request) => request.socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { code, err } = await run(['admin', 'block', 'uid-1', '--url', `http://127.0.0.1:${port}`])
    server.close()
    expect([code, err]).toEqual([1, expect.stringMatching(/^No reply came .* It may have been done/)])
  })

  test('asks at a port that browsers do not ask at', async () => {
    const asked: unknown[] = []
    const server = createServer(({ url, headers }, response) => {
      asked.push([url, headers.authorization])
      response.end('scanin_up 1\n')
    })
    const port = await firstFree(server, [6697, 6669, 6668, 6667, 6666, 6665, 6566, 6000, 5061, 5060])
    const env = { ADMIN_PORT: String(port) }
    expect(await run(['admin', 'metrics'], { env })).toEqual({ code: 0, out: 'scanin_up 1\n', err: '' })
    expect(asked).toEqual([['/metrics', `Bearer ${ADMIN_TOKEN}`]])
    await new Promise((resolve) => server.close(resolve))
  })

  test('shows its token to nobody that it is sent on to', async () => {
    const server = createServer((_request, response) => response.writeHead(307, { location: service.url }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { code, err } = await run(['admin', 'metrics', '--url', `http://127.0.0.1:${port}`])
    expect([code, err]).toEqual([1, 'What answers there is no admin port of this ScanIn.\n'])
    await new Promise((resolve) => server.close(resolve))
  })

  test('takes the token out of a file, and finds a service that listens everywhere', async () => {
    const token = join(folder, 'token')
    writeFileSync(token, `${ADMIN_TOKEN}\n`)
    const env = { ADMIN_TOKEN: '', ADMIN_TOKEN_FILE: token, ADMIN_HOST: '0.0.0.0' }
    expect(await run(['admin', 'list', 'uid-1'], { env })).toMatchObject({ code: 0, err: '' })
  })
})

test('scanin alone says what there is, and npm and npx know it', async () => {
  const alone = await run([])
  expect(alone).toMatchObject({ code: 0, out: expect.stringContaining('scanin accounts add USERNAME') })
  expect(await run(['acounts'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no such command.\n\n'),
  })
  const env = { PATH: process.env['PATH'], HOME: folder, npm_config_offline: 'true' }
  for (const [command, ...args] of [
    ['npm', 'run', '--silent', 'scanin', '--', 'help'],
    ['npx', 'scanin', 'help'],
  ] as [string, ...string[]][]) {
    const running = startProcess(command, args, { cwd: ROOT, env })
    expect([command, await running.exited, running.stdout()]).toEqual([command, 0, alone.out])
  }
})
