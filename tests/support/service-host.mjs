// A process that runs the built service as often as it is asked to, for all test files of one Jest worker, so that
// Node and a few hundred modules are loaded once. Listens on the Unix socket that its argument names. A connection is a
// service: its first line is the environment, as JSON; then `{stdout}` and `{stderr}` come back as they are written,
// and `{exited}`. The line `reload` is SIGHUP's part and `stop` SIGTERM's, as is the end of the connection.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { createInterface } from 'node:readline'

const [path = ''] = process.argv.slice(2)
createServer(host).listen(path)
// The test run has ended, however that came about.
process.stdin.on('end', () => process.exit()).resume()
process.once('exit', () => rmSync(path, { force: true }))

/** @param {import('node:net').Socket} connection */
function host(connection) {
  const send = (/** @type {object} */ message) =>
    connection.writable && connection.write(`${JSON.stringify(message)}\n`)
  /** @type {Promise<import('../../server/service.ts').RunningService | undefined>} */
  let running = Promise.resolve(undefined)

  async function start(/** @type {Record<string, string>} */ env) {
    const { startService, whyNotStarted } = await import('../../dist/server/service.js')
    const { compileOnce } = await import('./compile-once.mjs')
    try {
      const logTo = { write: (/** @type {string} */ stdout) => send({ stdout }) }
      const service = await startService({ env, networks: networkInterfaces(), logTo, schemaController: compileOnce })
      service.welcome.then((stderr) => send({ stderr }))
      return service
    } catch (error) {
      send({ stderr: `${whyNotStarted(error)}\n` })
      end(1)
      return undefined
    }
  }

  function end(/** @type {number} */ exited) {
    send({ exited })
    connection.end()
  }

  async function reload() {
    const service = await running
    service?.reload()
  }

  async function stop() {
    const service = await running
    running = Promise.resolve(undefined)
    await service?.stop()
    if (service !== undefined) end(0)
  }

  const lines = createInterface({ input: connection })
  lines.once('line', (env) => {
    running = start(JSON.parse(env))
    lines.on('line', (line) => (line === 'reload' ? reload() : stop()))
  })
  connection.on('error', () => undefined)
  connection.once('close', stop)
}
