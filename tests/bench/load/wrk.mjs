import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../parts/folders.mjs'
import { cpuSecondsOf, LOAD_CORE, run } from '../parts/processes.mjs'

const SCRIPT = join(import.meta.dirname, 'requests.lua')
/** How long a load goes on after what is measured of it. */
const LAST_WORD_SECONDS = 1
const folder = temporaryFolder()

let files = 0

/** Writes requests where wrk finds them. @returns the file */
export function writeRequests(requests) {
  const file = join(folder, `requests-${files++}`)
  writeFileSync(file, requests.join('\0'))
  return file
}

/** A request as it stands on the wire. */
export function rawRequest(method, path, headers, body = '') {
  const all = { host: '127.0.0.1', ...headers, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/**
 * Lets wrk send requests as fast as a server answers.
 * @returns `requests`, `perSecond`, and `cpuMicros`: the server's processor time a request, which other programs
 *   disturb less
 */
export async function load(servers, requestsFile, { seconds, connections = 64, mayRefuse = false }) {
  const before = servers.map((server) => cpuSecondsOf(server.pid))
  const from = String(Math.floor(Math.random() * 1e6))
  const outputs = await Promise.all(
    servers.map((server) => runWrk(server, requestsFile, { seconds, connections, from })),
  )
  const cpuSeconds = servers.reduce((sum, server, at) => sum + cpuSecondsOf(server.pid) - before[at], 0)
  const results = outputs.map((output) => JSON.parse(/RESULT (.*)/.exec(output)[1]))
  const requests = results.reduce((sum, result) => sum + result.requests, 0)
  const refused = results.reduce((sum, result) => sum + result.refused, 0)
  const broken = results.reduce((sum, result) => sum + result.broken, 0)
  if ((refused > 0 && !mayRefuse) || broken > 0) throw new Error(`${refused} refused, ${broken} broken of ${requests}`)
  return {
    requests,
    perSecond: results.reduce((sum, result) => sum + result.requests / result.seconds, 0),
    cpuMicros: (cpuSeconds / requests) * 1e6,
    bytesAReply: results[0].bytes / results[0].requests,
    p50Ms: results[0].p50Ms,
    p99Ms: results[0].p99Ms,
  }
}

/**
 * What a held request costs once all have connected and the heap has grown: a browser connects once, and waits minutes.
 * It is taken over some seconds in the middle, at the rate of the whole, of which the first replies take a second: a few
 * percent too much, for whatever is compared alike.
 * @returns `perSecond` and `cpuMicros`
 */
export async function loadSettled(server, requestsFile, { settlesSeconds, seconds, connections }) {
  const loading = load([server], requestsFile, { seconds: settlesSeconds + seconds + LAST_WORD_SECONDS, connections })
  await pause(settlesSeconds)
  const [cpuBefore, before] = [cpuSecondsOf(server.pid), performance.now()]
  await pause(seconds)
  const [cpuSeconds, elapsed] = [cpuSecondsOf(server.pid) - cpuBefore, (performance.now() - before) / 1000]
  const { perSecond } = await loading
  return { perSecond, cpuMicros: (cpuSeconds / elapsed / perSecond) * 1e6 }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

function runWrk({ url }, requestsFile, { seconds, connections, from }) {
  const settings = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT]
  return run(LOAD_CORE, process.env.WRK ?? 'wrk', [...settings, url, '--', requestsFile, from])
}
