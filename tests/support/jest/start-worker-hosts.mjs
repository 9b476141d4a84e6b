// Before all tests: a service host (worker-host.mjs) for each Jest worker, at the sockets that SCANIN_HOSTS names. Each
// ends when this process does.
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @param {{ maxWorkers: number }} config */
export default async function startHosts({ maxWorkers }) {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-hosts-'))
  process.env['SCANIN_HOSTS'] = join(folder, 'worker')
  for (let worker = 1; worker <= maxWorkers; worker++) {
    const program = join(import.meta.dirname, '../worker-host.mjs')
    const host = spawn(process.execPath, [program, `${process.env['SCANIN_HOSTS']}${worker}`], {
      stdio: ['pipe', 'inherit', 'inherit'],
      // A service is told its environment, and nothing of this one's.
      env: { PATH: process.env['PATH'] },
    })
    host.unref()
    const { stdin } = host
    if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  }
}
