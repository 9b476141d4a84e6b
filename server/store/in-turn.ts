import { ScanInError } from '../errors.ts'

/**
 * Runs a task once those before it under the same key are done, however they ended. Rejects with `overloaded` where too
 * many wait already, and where the turn takes too long to come: then the task is not run.
 */
export type InTurn = <Result>(key: string, task: () => Promise<Result>) => Promise<Result>

/**
 * For records that many write at once. Compare-and-set lets one of them through a round trip and sends the rest back to
 * read again; in turn, each of this process gets through at its first try, and only other processes are in its way.
 */
export function createInTurn({ mostWaiting = 500, longestWaitMs = 4000 } = {}): InTurn {
  const rows = new Map<string, { length: number; last: Promise<unknown> }>()

  return async (key, task) => {
    const row = rows.get(key) ?? { length: 0, last: Promise.resolve() }
    if (row.length > mostWaiting) throw new ScanInError('overloaded')
    rows.set(key, row)
    row.length++
    const since = performance.now()
    const run = () => {
      if (performance.now() - since > longestWaitMs) throw new ScanInError('overloaded')
      return task()
    }
    const done = row.last.then(run, run)
    row.last = done
    try {
      return await done
    } finally {
      row.length--
      if (row.length === 0) rows.delete(key)
    }
  }
}
