import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type RunningProcess, startProcess, untilReady } from './child-process.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type Networks, startHosted } from './worker-host.ts'

export const DEMO_PASSWORD = 'correct horse battery staple'

export interface Service {
  /** What the service listens on; also its public URL unless the environment says otherwise. */
  url: string
  port: number
  stdout(): string
  stderr(): string
  hasEnded(): boolean
  /** As SIGHUP does. */
  reload(): unknown
  /** As SIGTERM does. Fails if the log has told of a fault of ours. @returns the exit code, 0 when all went well */
  stop(): Promise<number | null>
}

/** A service that is a process of its own: for what has to do with signals, crashes, memory and processor time. */
export interface ServiceProcess extends Service, RunningProcess {
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export const ROOT = join(import.meta.dirname, '../..')

/** The built service, in the process that runs all of this Jest worker's (worker-host.mjs): it starts in no time. */
export async function startService(env: Record<string, string> = {}, networks?: Networks): Promise<Service> {
  const { url, port, told } = await environmentOf(env)
  const hosted = await startHosted(told, networks)
  await eventually('the service has started', async () => {
    if (hosted.hasEnded()) throw new Error(`ended\n${hosted.stdout()}\n${hosted.stderr()}`)
    return hosted.stderr().includes('ScanIn ')
  })
  return {
    ...hosted,
    url,
    port,
    async stop() {
      const code = await hosted.stop()
      expectNoFault(hosted)
      return code
    },
  }
}

/** A start that ends by itself, in the host. @returns the exit code, and all that was said */
export async function tryToStart(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const hosted = await startHosted(env)
  await eventually('the start has ended', hosted.hasEnded)
  expectNoFault(hosted)
  return { code: await hosted.stop(), said: hosted.stdout() + hosted.stderr() }
}

/** The service as `npm start` runs it: the built one, in a process of its own, with nothing inherited but the PATH. */
export async function startServiceProcess(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const { url, port, told } = await environmentOf(env)
  const running = startProcess(process.execPath, [join(ROOT, 'dist/server/main.js')], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...told },
  })
  await untilReady(running, () => running.stderr().includes('ScanIn '))
  return {
    ...running,
    url,
    port,
    hasEnded: () => running.child.exitCode !== null || running.child.signalCode !== null,
    reload: () => running.child.kill('SIGHUP'),
    async stop(signal) {
      const code = await running.stop(signal)
      // Its last lines may be read after it has ended.
      if (running.child.stdout) await finished(running.child.stdout)
      if (/\n {4}at |\[ioredis\]/.test(running.stderr())) throw new Error(`a library complains: ${running.stderr()}`)
      expectNoFault(running)
      return code
    },
  }
}

/** Log lines that mean a mistake of ours, whatever a test has done to the service. */
const FAULT = /^.*"msg":"(internal error|not closed)".*$/m

function expectNoFault({ stdout }: { stdout(): string }): void {
  const [line] = FAULT.exec(stdout()) ?? []
  if (line !== undefined) throw new Error(`the service has a fault: ${line}`)
}

async function environmentOf(env: Record<string, string>) {
  const port = Number(env['PORT'] ?? (await freePort()))
  const url = `http://127.0.0.1:${port}`
  const told: Record<string, string> = {
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: url,
    ...('ACCOUNTS_FILE' in env ? {} : { DEMO_PASSWORD }),
    // All tests come from one address; limits have tests of their own.
    RATE_LOGINS_PER_MINUTE: '0',
    RATE_SIGN_INS_PER_MINUTE: '0',
    // A code that was read is good for as long as it takes to use it; renewal has tests of its own.
    QR_REFRESH_SECONDS: '300',
    ...env,
  }
  return { url, port, told }
}
