/** The process: its environment, its signals, its end. Nothing else of the service touches `process`. */
import { networkInterfaces } from 'node:os'
import { isatty } from 'node:tty'
import { boundComplaints } from './log/bounded-console.ts'
import { createLogOutput } from './log/log-output.ts'
import { lineOfLost } from './log/logger.ts'
import { keepTickShape } from './start/tick-shape.ts'

/** A shutdown that takes longer is cut short. */
const SHUTDOWN_PATIENCE_MS = 9500
/** How long the end waits for whoever reads the log. */
const LOG_PATIENCE_MS = 500
const STANDARD_INPUT = 0
const STANDARD_OUTPUT = 1
/** Asked at the start: a terminal that has closed is no terminal any more. */
const IS_AT_TERMINAL = isatty(STANDARD_INPUT) || isatty(STANDARD_OUTPUT)

const { told, onReloadable } = hearSignals()
keepTickShape()
// Before the output opens: where both are one pipe, Node makes it blocking as it creates `process.stderr`. On a full
// disk, writes to that fail, which must not end the process.
process.stderr.on('error', () => undefined)
boundComplaints(console, process.stderr)
const output = createLogOutput({ descriptor: STANDARD_OUTPUT, lineOfLost })
process.once('exit', output.tryOnce)
// Loaded this late because it is most of what a start loads: a signal that comes meanwhile is heard.
const { startService, whyNotStarted } = await import('./service.ts')
try {
  await run()
} catch (error) {
  process.stderr.write(`${whyNotStarted(error)}\n`)
  process.exit(1)
}

/** Ends by a signal: `exit` would wait for LMDB's thread, and that thread for a disk that hangs. */
function endAtOnce(): void {
  output.tryOnce()
  process.kill(process.pid, 'SIGKILL')
  // Linux ignores that signal where the first process of a container sends it to itself.
  process.abort()
}

/** Where the terminal has closed, ends by the signal: `exit` would try to reset that terminal, fail, and abort. */
function end(signal: NodeJS.Signals): never {
  if (signal === 'SIGHUP') {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  process.exit(0)
}

interface Signals {
  /** To end, in order. */
  told: Promise<NodeJS.Signals>
  /** Takes the function that has files read again, once they were read: see `ServiceOptions`. */
  onReloadable(reload: () => boolean): void
}

/**
 * Hears signals from the first turn on. One may come twice: npm gets what ends a group of processes too, and passes it
 * on. Where no file can be read again, a terminal that closes ends the process, as it does elsewhere.
 */
function hearSignals(): Signals {
  let onReloadable: Signals['onReloadable'] = () => undefined
  const reloadable = new Promise<() => boolean>((resolve) => {
    onReloadable = resolve
  })
  const told = new Promise<NodeJS.Signals>((resolve) => {
    process.on('SIGHUP', async (signal) => {
      const reload = await reloadable
      if (!reload() && IS_AT_TERMINAL) resolve(signal)
    })
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, resolve)
  })
  return { told, onReloadable }
}

async function run(): Promise<void> {
  const starting = startService({
    env: process.env,
    networks: networkInterfaces(),
    logTo: output,
    onReloadable,
    onStoreLost: () => void output.settled(LOG_PATIENCE_MS).then(endAtOnce),
  })
  const service = await Promise.race([starting, told])
  // A service that is still starting has answered nobody: there is nothing to end in order.
  if (typeof service === 'string') end(service)
  void told.then(async (signal) => {
    setTimeout(endAtOnce, SHUTDOWN_PATIENCE_MS).unref()
    await service.stop()
    await output.settled(LOG_PATIENCE_MS)
    end(signal)
  })
  process.stderr.write(await service.welcome)
}
