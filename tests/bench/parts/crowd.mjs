import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'
import { LOAD_CORE, start, untilReady } from './processes.mjs'

const folder = temporaryFolder()
let orders = 0

/** Room enough that the crowd collects no garbage while it measures: its pauses would count as the server's. */
const NO_COLLECTIONS = ['--min-semi-space-size=128', '--max-semi-space-size=128']

/** Browsers that wait, in a process of their own. Resolves once all of them do. */
export async function gatherCrowd(order) {
  const file = join(folder, `order-${orders++}`)
  writeFileSync(file, JSON.stringify(order))
  const script = join(import.meta.dirname, '../load/waiting-crowd.mjs')
  const process_ = start(LOAD_CORE, process.execPath, [...NO_COLLECTIONS, script, file])
  await untilReady(process_, () => process_.stdout().includes('READY'), 120_000)
  return {
    /** Lets the phone approve; resolves to the milliseconds that each approval took to reach its browser. */
    async change() {
      process_.say('go\n')
      await process_.exited
      const [, result] = /RESULT (.*)/.exec(process_.stdout()) ?? []
      if (result === undefined)
        throw new Error(`the crowd ended with ${await process_.exited}\n${process_.stdout()}\n${process_.stderr()}`)
      if (process_.stderr() !== '') throw new Error(process_.stderr())
      return JSON.parse(result)
    },
    stop: () => process_.stop(),
  }
}
