/** The process: its environment, its signals, its end. Nothing else touches `process`. */
import { networkInterfaces } from 'node:os'
import { startService, whyNotStarted } from './service.ts'
import { keepTickShape } from './tick-shape.ts'

/** A shutdown that takes longer is cut short. */
const SHUTDOWN_PATIENCE_MS = 9000

keepTickShape()
try {
  await run()
} catch (error) {
  process.stderr.write(`${whyNotStarted(error)}\n`)
  process.exit(1)
}

async function run(): Promise<void> {
  const service = await startService({
    env: process.env,
    networks: networkInterfaces(),
    // Where there is nothing to read again, a terminal that closes ends the process, as it does elsewhere.
    onReloadable: (reload) => process.on('SIGHUP', reload),
  })
  const stop = async () => {
    setTimeout(() => process.exit(1), SHUTDOWN_PATIENCE_MS).unref()
    await service.stop()
    process.exit(0)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stderr.write(await service.welcome)
}
