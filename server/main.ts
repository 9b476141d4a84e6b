/** The process: its environment, its signals, its end. Nothing else of the service touches `process`. */
import { networkInterfaces } from 'node:os'
import { boundComplaints } from './log/bounded-console.ts'
import { createLogOutput } from './log/log-output.ts'
import { lineOfLost } from './log/logger.ts'
import { startService, whyNotStarted } from './service.ts'
import { keepTickShape } from './start/tick-shape.ts'

/** A shutdown that takes longer is cut short. */
const SHUTDOWN_PATIENCE_MS = 9500
/** How long the end waits for whoever reads the log. */
const LOG_PATIENCE_MS = 500
const STANDARD_OUTPUT = 1

keepTickShape()
// Before the output: where both are one pipe, Node makes that wait as it makes this. A full disk takes no word, and ends nothing.
process.stderr.on('error', () => undefined)
boundComplaints(console, process.stderr)
const output = createLogOutput({ descriptor: STANDARD_OUTPUT, lineOfLost })
process.once('exit', output.tryOnce)
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

async function run(): Promise<void> {
  // Told from the first turn on, and more than once: what ends a group of processes tells npm, which tells this one again.
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve())
  })
  const starting = startService({
    env: process.env,
    networks: networkInterfaces(),
    logTo: output,
    // Where there is nothing to read again, a terminal that closes ends the process, as it does elsewhere.
    onReloadable: (reload) => process.on('SIGHUP', reload),
    onStoreLost: () => void output.settled(LOG_PATIENCE_MS).then(endAtOnce),
  })
  const service = await Promise.race([starting, told])
  // What only starts has answered nobody.
  if (!service) process.exit(0)
  void told.then(async () => {
    setTimeout(endAtOnce, SHUTDOWN_PATIENCE_MS).unref()
    await service.stop()
    await output.settled(LOG_PATIENCE_MS)
    process.exit(0)
  })
  process.stderr.write(await service.welcome)
}
