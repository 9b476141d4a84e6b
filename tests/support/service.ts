import { join } from 'node:path'
import { type RunningProcess, startProcess, untilReady } from './child-process.ts'
import { freePort } from './free-port.ts'

export const DEMO_PASSWORD = 'correct horse battery staple'

export interface Service extends RunningProcess {
  /** What the service listens on; also its public URL unless the environment says otherwise. */
  url: string
  port: number
}

export const ROOT = join(import.meta.dirname, '../..')

/** The service as `npm start` runs it: the built one, in a process of its own, with nothing inherited but the PATH. */
export async function startService(env: Record<string, string> = {}): Promise<Service> {
  const port = Number(env['PORT'] ?? (await freePort()))
  const url = `http://127.0.0.1:${port}`
  const running = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: url,
      ...('ACCOUNTS_FILE' in env ? {} : { DEMO_PASSWORD }),
      // All tests come from one address; limits have tests of their own.
      RATE_LOGINS_PER_MINUTE: '0',
      RATE_SIGN_INS_PER_MINUTE: '0',
      ...env,
    },
  })
  await untilReady(running, () => running.stderr().includes('ScanIn '))
  return { ...running, url, port }
}
