import { type AccountsFile, writeAccounts } from '../../support/accounts-file.ts'
import type { WrongClock } from '../../support/fake-time.ts'
import { freePort } from '../../support/free-port.ts'
import { type ServiceProcess, startServiceProcess } from '../../support/service.ts'
import type { Rules } from '../checker/history.ts'
import { type Account, somePeople } from '../driver/people.ts'

/** Instances of the service on one store, each a process of its own, and people with accounts. */
export interface Instances {
  people: readonly Account[]
  origins: readonly string[]
  publicUrl: string
  /** The process of now: another one after it was started anew. */
  processes(): readonly ServiceProcess[]
  end(instance: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it anew, on its port. */
  restart(instance: number, clock?: WrongClock): Promise<void>
  stop(): Promise<void>
}

const FEW_PEOPLE = 10
const SECONDS = {
  LOGIN_SECONDS: 120,
  CONFIRM_SECONDS: 60,
  COLLECT_SECONDS: 30,
  QR_REFRESH_SECONDS: 30,
  QR_OVERLAP_SECONDS: 10,
}

export const RULES: Rules = {
  lifeMs: SECONDS.LOGIN_SECONDS * 1000,
  confirmMs: SECONDS.CONFIRM_SECONDS * 1000,
  collectMs: SECONDS.COLLECT_SECONDS * 1000,
  overlapMs: SECONDS.QR_OVERLAP_SECONDS * 1000,
  refreshMs: SECONDS.QR_REFRESH_SECONDS * 1000,
  slackMs: 100,
}

/**
 * @param store what names the store to them, and what else each is told, by its number
 * @param crowd people who have accounts: a person's wrong codes are counted
 */
export async function startInstances(
  count: number,
  store: Record<string, string> | ((instance: number) => Record<string, string>),
  crowd = FEW_PEOPLE,
): Promise<Instances> {
  const people = somePeople(crowd)
  const accounts: AccountsFile = await writeAccounts(people)
  const ports = await portsFor(count)
  const origins = ports.map((port) => `http://127.0.0.1:${port}`)
  const publicUrl = origins[0] ?? ''

  function start(port: number, instance: number, clock: Record<string, string> = {}): Promise<ServiceProcess> {
    return startServiceProcess({
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      ACCOUNTS_FILE: accounts.path,
      // Where browsers and phones are is what the driver says.
      TRUST_PROXY: '127.0.0.1/32',
      POLL_INTERVAL_SECONDS: '1',
      MAX_SESSIONS: '1000',
      LOG_LEVEL: 'warn',
      ...Object.fromEntries(Object.entries(SECONDS).map(([name, seconds]) => [name, String(seconds)])),
      ...(typeof store === 'function' ? store(instance) : store),
      ...clock,
    })
  }

  const processes = await Promise.all(ports.map((port, instance) => start(port, instance)))
  return {
    people,
    origins,
    publicUrl,
    processes: () => processes,
    async end(instance, signal) {
      await processes[instance]?.stop(signal)
    },
    async restart(instance, clock) {
      processes[instance] = await start(ports[instance] ?? 0, instance, clock?.env)
    },
    async stop() {
      await Promise.all(processes.map((process) => process.stop('SIGKILL')))
      accounts.remove()
    },
  }
}

/** One after the other: what is free is free until it is taken. */
async function portsFor(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}
