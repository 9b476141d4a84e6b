import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fault, faultsAt, PEACE, sleep } from '../stage/fault.ts'
import { INSTANCE_FAULTS } from '../stage/instance-faults.ts'
import { type Instances, startInstances } from '../stage/instances.ts'
import { CROWD, type Topology } from './topology.ts'

const ONLY = 0

/** An instance that ends loses what it had in memory. */
const ENDS: readonly Fault<Instances>[] = (['SIGTERM', 'SIGKILL'] as const).map((signal) => ({
  name: `the only instance ends by ${signal}, and another comes`,
  loses: 'everything',
  async happen(instances, ms) {
    await instances.end(ONLY, signal)
    await sleep(ms)
    await instances.restart(ONLY)
  },
}))

export const IN_MEMORY: Topology = {
  name: 'one instance, its records in memory',
  async start() {
    const instances = await startInstances(1, {}, CROWD)
    return { instances, faults: [PEACE, ...faultsAt(instances, ENDS)], stop: instances.stop }
  },
}

/** All on one machine go by its clock. */
const ON_ONE_MACHINE = INSTANCE_FAULTS.filter(({ name }) => !name.includes('clock'))

export const ON_DISK: Topology = {
  name: 'two instances, their records on disk',
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'scanin-disk-'))
    const instances = await startInstances(2, { STORE_PATH: join(folder, 'store') }, CROWD)
    const both: Fault<Instances> = {
      name: 'both instances are killed',
      async happen(all, ms) {
        await Promise.all([all.end(0, 'SIGKILL'), all.end(1, 'SIGKILL')])
        await sleep(ms)
        await Promise.all([all.restart(0), all.restart(1)])
      },
    }
    return {
      instances,
      faults: [PEACE, ...faultsAt(instances, [...ON_ONE_MACHINE, both])],
      async stop() {
        await instances.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}
