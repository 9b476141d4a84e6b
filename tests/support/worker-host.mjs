// What all test files of one Jest worker share, in a process of its own: a Chromium, and the built service. The service
// is run as often as it is asked for, but Node and a few hundred modules are loaded once. Listens on the Unix socket
// that its argument names. The first line of a connection, JSON, says what it is for (../support/worker-host.ts).
import { rmdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { startChromium } from './shared-chromium.mjs'

const [path = ''] = process.argv.slice(2)
createServer(host).listen(path)
// The test run has ended, however that came about.
process.stdin.on('end', () => process.exit()).resume()
process.once('exit', () => {
  rmSync(path, { force: true })
  try {
    rmdirSync(dirname(path))
  } catch {
    // The last worker's host does.
  }
})

/** @type {Promise<string> | undefined} */
let chromium

/**
 * Called with whatever this process writes. Services write their lines elsewhere, so this is a library's complaint,
 * such as of an error that nobody listens for. Nothing tells which service caused it.
 * @type {Set<(complaint: string) => void>}
 */
const running = new Set()
/** What oidc-provider says of Node 20 as it is loaded. */
const OF_NODE = 'oidc-provider WARNING: Unsupported runtime'
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream)
  stream.write = (/** @type {string | Uint8Array} */ chunk, /** @type {any[]} */ ...rest) => {
    const complaint = Buffer.from(chunk).toString()
    if (!complaint.startsWith(OF_NODE)) for (const hear of running) hear(complaint)
    return write(chunk, ...rest)
  }
}

/** @param {import('node:net').Socket} connection */
function host(connection) {
  const lines = createInterface({ input: connection })
  connection.on('error', () => undefined)
  // readline passes on its input's errors. A client may go before its answer, which must not end what others asked for.
  lines.on('error', () => undefined)
  lines.once('line', (line) => {
    const { env, networks, launch } = JSON.parse(line)
    if (launch === undefined) hostService({ env, networks }, connection, lines)
    else openChromium(launch, connection)
  })
}

/** Starts one Chromium for all, when it is first asked for: each that connects opens contexts of its own. */
function openChromium(
  /** @type {Parameters<typeof startChromium>[0]} */ launch,
  /** @type {import('node:net').Socket} */ connection,
) {
  chromium ??= startChromium(launch)
  chromium.then(
    (endpoint) => connection.end(`${JSON.stringify({ endpoint })}\n`),
    (error) => connection.end(`${JSON.stringify({ failure: String(error) })}\n`),
  )
}

/**
 * `{stdout}`, `{stderr}` and `{complaint}` go back as they are written, and `{exited}`. The line `reload` is SIGHUP's part and `stop`
 * SIGTERM's, as is the end of the connection.
 * @param {{ env: Record<string, string>, networks?: ReturnType<typeof networkInterfaces> }} machine of which it is told
 * @param {import('node:net').Socket} connection
 * @param {import('node:readline').Interface} lines
 */
function hostService({ env, networks = networkInterfaces() }, connection, lines) {
  const send = (/** @type {object} */ message) =>
    connection.writable && connection.write(`${JSON.stringify(message)}\n`)
  const complain = (/** @type {string} */ complaint) => send({ complaint })
  /** @type {Promise<import('../../server/service.ts').RunningService | undefined>} */
  let started = Promise.resolve(undefined)
  let reload = () => {}

  async function start() {
    const { startService, whyNotStarted } = await import('../../dist/server/service.js')
    const { compileOnce } = await import('./compile-once.mjs')
    try {
      const logTo = { write: (/** @type {string} */ stdout) => send({ stdout }) }
      const service = await startService({
        env,
        networks,
        logTo,
        schemaController: compileOnce,
        onReloadable: (reloadNow) => {
          reload = reloadNow
        },
      })
      service.welcome.then((stderr) => send({ stderr }))
      return service
    } catch (error) {
      send({ stderr: `${whyNotStarted(error)}\n` })
      end(1)
      return undefined
    }
  }

  function end(/** @type {number} */ exited) {
    running.delete(complain)
    send({ exited })
    connection.end()
  }

  async function stop() {
    const service = await started
    started = Promise.resolve(undefined)
    await service?.stop()
    if (service !== undefined) end(0)
  }

  running.add(complain)
  started = start()
  lines.on('line', (line) => (line === 'reload' ? reload() : stop()))
  connection.once('close', () => {
    running.delete(complain)
    return stop()
  })
}
