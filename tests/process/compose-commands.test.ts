import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { findProgram, startProcess, untilReady } from '../support/child-process.ts'
import { readComposeFile, readRepository, scriptOf } from '../support/compose-file.ts'
import { endLater } from '../support/end-later.ts'
import { freePort } from '../support/free-port.ts'
import { startService } from '../support/service.ts'
import { sampleConfiguration } from '../support/two-instances.ts'

/** What docker-compose.yml and the Dockerfile run in containers, run as it stands there, with folders of the test's own. */

const { secrets, redis } = readComposeFile('docker-compose.yml').services
const shell = (script: string) => startProcess('sh', ['-euc', script])

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-compose-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function makeSecrets(folder: string): Promise<Record<string, string>> {
  if (secrets === undefined) throw new Error('there is no service `secrets`')
  // Only root and the groups' own members may give a file to a group.
  const script = scriptOf(secrets)
    .replaceAll('/run/secrets', folder)
    .replace(/(make_secret \w+ \d+) \d+/g, `$1 ${process.getgid?.()}`)
  const made = shell(script)
  expect([await made.exited, made.stderr(), made.stdout()]).toEqual([0, '', ''])
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

test('passwords are made once, none twice the same, and only who is meant can read them', async () => {
  const [one, other] = [newFolder(), newFolder()]
  const made = await makeSecrets(one)
  expect(made).toEqual({
    redis_password: expect.stringMatching(/^[a-z0-9]{32}$/),
    demo_password: expect.stringMatching(/^[a-z0-9]{12}$/),
    admin_token: expect.stringMatching(/^[a-z0-9]{48}$/),
    grafana_password: expect.stringMatching(/^[a-z0-9]{16}$/),
  })
  expect(Object.keys(made).map((name) => statSync(join(one, name)).mode & 0o777)).toEqual([0o440, 0o440, 0o440, 0o440])
  expect(await makeSecrets(one)).toEqual(made)
  for (const [name, password] of Object.entries(await makeSecrets(other))) expect(password).not.toBe(made[name])
})

test('Redis takes its password from the file and writes down what it is told; no argument has the password', async () => {
  if (redis === undefined) throw new Error('there is no service `redis`')
  const [folder, port] = [newFolder(), await freePort()]
  const { redis_password: password = '' } = await makeSecrets(folder)
  const script = scriptOf(redis)
    .replaceAll('/run/secrets', folder)
    .replace('\nappendonly', `\nport ${port}\ndir ${folder}\nappendonly`)
  const server = shell(script)
  await untilReady(server, () => server.stdout().includes('Ready to accept connections'))
  const [client, stranger] = [new Redis({ port, password }), new Redis({ port, enableReadyCheck: false })]
  stranger.on('error', () => undefined)
  await expect(stranger.ping()).rejects.toThrow('NOAUTH')
  expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
  const { pid } = server.child
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^redis-server(?!.*\w{32})/)
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(password)
  client.disconnect()
  stranger.disconnect()
  await server.stop()
})

test('the proxy starts as it is configured, and writes to one folder alone', async () => {
  const [folder, port] = [newFolder(), await freePort()]
  const main = join(folder, 'main.conf')
  const ownPlaces = readRepository('docs/proxies/nginx-main.conf').replaceAll('/tmp/', `${folder}/`)
  writeFileSync(main, ownPlaces.replace('/etc/nginx/conf.d/*.conf', join(folder, 'site.conf')))
  writeFileSync(join(folder, 'site.conf'), sampleConfiguration(port, [1, 2]))
  const tried = startProcess(findProgram('NGINX', 'nginx'), ['-t', '-p', folder, '-c', main, '-e', 'stderr'])
  expect([await tried.exited, tried.stderr()]).toEqual([0, expect.not.stringContaining('[warn]')])
  const written = [...ownPlaces.matchAll(/^ *(?:pid|\w+_temp_path) (\S+);/gm)].map(([, path = '']) => path)
  expect(written.filter((path) => !path.startsWith(`${folder}/`))).toEqual([])
  expect(written).toHaveLength(6)
})

test('the image says that it is well only while a service is on the port that it was told', async () => {
  const [, check = '[]'] = /^HEALTHCHECK[^[]*CMD (\[.*\])$/m.exec(readRepository('Dockerfile')) ?? []
  const [, ...parameters]: string[] = JSON.parse(check)
  const health = (port: number) => startProcess(process.execPath, parameters, { env: { PORT: String(port) } }).exited
  const service = await startService()
  expect(await health(service.port)).toBe(0)
  expect(await health(await freePort())).toBe(1)
  await service.stop()
  expect(await health(10_080)).toBe(1)
  const other = await startService({ PORT: '10080' })
  expect(await health(10_080)).toBe(0)
  await other.stop()
})
