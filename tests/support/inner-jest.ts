import { startProcess } from './child-process.ts'
import { ROOT } from './service.ts'

/** A run of Jest of its own, of these files, one after the other in one process. */
export function runJest(files: string, env: Record<string, string> = {}) {
  return startProcess(
    process.execPath,
    [
      ...['node_modules/jest/bin/jest.js', '--reporters=default', '--runInBand'],
      ...[`--testMatch=**/${files}`, '--globalSetup='],
    ],
    { cwd: ROOT, env: { ...process.env, JEST_WORKER_ID: undefined, ...env } },
  )
}
