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
/** Asked at the start: one that has closed is none. */
const IS_AT_TERMINAL = isatty(STANDARD_INPUT) || isatty(STANDARD_OUTPUT)

const { told, onReloadable } = hearSignals()
keepTickShape()
// Before the output: where both are one pipe, Node makes that wait as it makes this. A full disk takes no word, and ends nothing.
process.stderr.on('error', () => undefined)
boundComplaints(console, process.stderr)
const output = createLogOutput({ descriptor: STANDARD_OUTPUT, lineOfLost })
process.once('exit', output.tryOnce)
// It is most of what a start loads: who signals meanwhile is heard.
const { startService, whyNotStarted } = await import('./service.ts')
try {
  await run()
} catch (error) {
  process.stderr.write(`${whyNotStarted(error)}\n`)
  process.exit(1)
}

/** Not by `exit`, which waits for LMDB's thread, as that does for a disk that hangs. */
function endAtOnce(): void {
  output.tryOnce()
  process.kill(process.pid, 'SIGKILL')
  // The first process of a container takes no such signal from itself.
  process.abort()
}

/** After a terminal that has closed not by `exit`: Node would set that right first, cannot, and aborts. */
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
  /** Takes what has files read again, once they were read: see `ServiceOptions`. */
  onReloadable(reload: () => boolean): void
}

/**
 * Told from the first turn on, and more than once: what ends a group of processes tells npm, which tells this one again.
 * Where there is nothing to read again, a terminal that closes ends the process, as it does elsewhere.
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
  // What only starts has answered nobody.
  if (typeof service === 'string') end(service)
  void told.then(async (signal) => {
    setTimeout(endAtOnce, SHUTDOWN_PATIENCE_MS).unref()
    await service.stop()
    await output.settled(LOG_PATIENCE_MS)
    end(signal)
  })
  process.stderr.write(await service.welcome)
}
