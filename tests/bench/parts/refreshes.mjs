import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'
import { cpuSecondsOf, LOAD_CORE, run } from './processes.mjs'
import { percentile } from './statistics.mjs'

const SCRIPT = join(import.meta.dirname, '../load/refreshing.mjs')
const folder = temporaryFolder()

/**
 * Lets applications refresh their tokens as fast as the server answers.
 * @param order `path` of the token endpoint, and `fields` of each request beside the token
 * @returns as `load`, and the `refreshTokens` to go on with: each is good for once
 */
export async function loadRefreshes(server, order) {
  const file = join(folder, 'order')
  writeFileSync(file, JSON.stringify({ ...order, port: server.port }))
  const before = cpuSecondsOf(server.pid)
  const output = await run(LOAD_CORE, process.execPath, [SCRIPT, file])
  const cpuSeconds = cpuSecondsOf(server.pid) - before
  const { requests, perSecond, millis, tokens } = JSON.parse(/RESULT (.*)/.exec(output)[1])
  return {
    requests,
    perSecond,
    cpuMicros: (cpuSeconds / requests) * 1e6,
    p50Ms: percentile(millis, 0.5),
    p99Ms: percentile(millis, 0.99),
    refreshTokens: tokens,
  }
}
