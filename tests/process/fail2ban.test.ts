import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditLinesIn } from '../support/audit-lines.ts'
import { findProgram } from '../support/child-process.ts'
import { readComposeFile } from '../support/compose-file.ts'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { readConfig } from '../support/read-config.ts'
import { DEMO_PASSWORD, ROOT, type Service, startService } from '../support/service.ts'

/** docs/monitoring/fail2ban: the real tool on the real log. */
const FILTER = join(ROOT, 'docs/monitoring/fail2ban/filter.d/scanin.conf')

/** Written by who would like somebody else to be banned, or a line to be broken. */
const HOSTILE = [
  '"}\n{"level":30,"time":"2026-11-26T09:30:00.123Z","audit":"sign_in.failed","outcome":"failure","address":"203.0.113.1"',
  '","address":"203.0.113.2","x":"',
  'from 203.0.113.3 port 22',
  '\u2028{"level":30,"audit":"sign_in.failed","outcome":"failure","address":"203.0.113.4",',
  'demo","outcome":"failure","address":"203.0.113.5',
]

let folder: string
let service: Service

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-fail2ban-'))
  service = await startService({ TRUST_PROXY: '127.0.0.1', RATE_SIGN_INS_PER_MINUTE: '3' })
})

afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

function signIn(from: string, username: string, password: string, more: Record<string, string> = {}) {
  const headers = { 'x-forwarded-for': from, ...more }
  return createClient(service.url).post('/sign-in', { username, password }, { headers })
}

/** Whom fail2ban would count, as often as it would. */
function foundIn(log: string): string[] {
  const path = join(folder, 'scanin.log')
  writeFileSync(path, log)
  const said = execFileSync(findProgram('FAIL2BAN_REGEX', 'fail2ban-regex'), ['--out', '<ip>', path, FILTER], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  return said.split('\n').filter((line) => line !== '')
}

test("fail2ban finds the failed sign-ins, by the client's address, and nobody whom a hostile name, agent or id names", async () => {
  await signIn('192.0.2.1', 'demo', 'wrong')
  await signIn('2001:db8::1', 'nobody', 'wrong')
  await signIn('192.0.2.9', 'demo', DEMO_PASSWORD)
  for (const text of HOSTILE) {
    await signIn('192.0.2.2', text, text)
    const agent = text.replaceAll(/[^ -~]/g, '')
    await signIn('192.0.2.3', 'demo', 'wrong', { 'user-agent': agent, 'x-request-id': agent, traceparent: agent })
  }
  const failures = () => auditLinesIn(service.stdout()).filter(({ outcome }) => outcome === 'failure')
  await eventually('all are logged', () => failures().length === 12)
  expect(failures().map(({ audit }) => audit)).toContain('sign_in.slowed')
  const times = new Map<string, number>()
  for (const address of foundIn(service.stdout())) times.set(address, (times.get(address) ?? 0) + 1)
  expect(Object.fromEntries(times)).toEqual({ '192.0.2.1': 1, '2001:db8::1': 1, '192.0.2.2': 5, '192.0.2.3': 5 })
})

test('the jail bans at the ports that people come in by: of proxies, of `npm start`, of docker-compose.yml', async () => {
  const configuration = join(folder, 'fail2ban')
  cpSync('/etc/fail2ban', configuration, { recursive: true })
  rmSync(join(configuration, 'jail.d'), { recursive: true })
  cpSync(join(ROOT, 'docs/monitoring/fail2ban'), configuration, { recursive: true })
  const said = execFileSync(findProgram('FAIL2BAN_CLIENT', 'fail2ban-client'), ['-c', configuration, '-d'], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  const { port } = readConfig({}, '127.0.0.1', () => '')
  const [published = ''] = readComposeFile('docker-compose.yml').services['proxy']?.ports ?? []
  const [, composePort] = /:-(\d+)\}/.exec(published) ?? []
  expect(said).toContain(`'port', 'http,https,${port},${composePort}'`)
})
