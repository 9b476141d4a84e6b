import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'
import { LOAD_CORE, start, untilReady } from './processes.mjs'

const SCRIPT = join(import.meta.dirname, '../load/obedient-crowd.mjs')
/** Room enough that the crowd hardly collects garbage while it measures: its pauses would count as the server's. */
const FEW_COLLECTIONS = ['--min-semi-space-size=64', '--max-semi-space-size=64']
const LONGEST_SAY_MS = 60_000

const folder = temporaryFolder()

/**
 * Browsers that keep to what they are told, in processes of their own, one for each order.
 * @param orders as `load/obedient-crowd.mjs` has them
 */
export function gatherObediently(orders) {
  const processes = orders.map((order, at) => {
    const file = join(folder, `order-${at}`)
    writeFileSync(file, JSON.stringify(order))
    return start(LOAD_CORE, process.execPath, [...FEW_COLLECTIONS, SCRIPT, file])
  })
  const share = (count, at) => Math.floor(count / processes.length) + (at < count % processes.length ? 1 : 0)
  const saidAt = new Map(processes.map((process_) => [process_, 0]))

  /** What each process printed after this word, once it has. */
  async function heard(word, longestMs) {
    await Promise.all(
      processes.map(async (process_) => {
        const isSaid = () => process_.stdout().indexOf(word, saidAt.get(process_)) >= 0
        await untilReady(process_, isSaid, longestMs + LONGEST_SAY_MS)
      }),
    )
    return processes.map((process_) => {
      const text = process_.stdout()
      const at = text.indexOf(word, saidAt.get(process_))
      saidAt.set(process_, at + word.length)
      return text.slice(at + word.length, text.indexOf('\n', at))
    })
  }

  return {
    hasArrived: (longestMs) => heard('ARRIVED', longestMs),

    /** Phones sign so many browsers in a second. @returns the milliseconds that each took, and how many never came */
    async signIn({ perSecond, seconds }) {
      for (const process_ of processes) {
        process_.say(`${JSON.stringify({ signIn: { perSecond: perSecond / processes.length, seconds } })}\n`)
      }
      const results = (await heard('SIGNED', seconds * 1000)).map((text) => JSON.parse(text))
      return {
        millis: results.flatMap(({ millis }) => millis),
        lost: results.reduce((sum, { lost }) => sum + lost, 0),
      }
    },

    /** Makes all browsers leave but so many. */
    stay(count) {
      for (const [at, process_] of processes.entries()) process_.say(`${JSON.stringify({ stay: share(count, at) })}\n`)
    },

    /** What the last second was like: `{waiting, polls, hold, interval, statuses}`, the pace being the slowest told. */
    lastSecond() {
      const all = processes.map((process_) => {
        const text = process_.stdout()
        const end = text.lastIndexOf('\n')
        const at = text.lastIndexOf('SECOND ', end)
        return at < 0 ? undefined : JSON.parse(text.slice(at + 'SECOND '.length, text.indexOf('\n', at)))
      })
      return together(all.filter(Boolean))
    },

    errors: () => processes.map((process_) => process_.stderr()).join(''),
  }
}

function together(seconds) {
  const statuses = {}
  for (const second of seconds) {
    for (const [name, count] of Object.entries(second.statuses)) statuses[name] = (statuses[name] ?? 0) + count
  }
  const sum = (name) => seconds.reduce((so, second) => so + second[name], 0)
  const most = (name) => Math.max(0, ...seconds.map((second) => second[name]))
  return { waiting: sum('waiting'), polls: sum('polls'), hold: most('hold'), interval: most('interval'), statuses }
}
