import { PATIENCE_MS } from './patience.ts'

const FIRST_PAUSE_MS = 15
/** What is long in coming is looked for less often: six files at once would keep a processor busy with looking. */
const LONGEST_PAUSE_MS = 100

/**
 * Waits for something that will be so, looking again and again; fails with `what` when it is not in time.
 * For what no event tells: the end of a TTL, a line in a log of another process.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + patienceMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}
