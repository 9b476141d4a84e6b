import { PATIENCE_MS } from './patience.ts'

const FIRST_PAUSE_MS = 15
/** The pause grows up to this: six files that look all the time would keep a processor busy. */
const LONGEST_PAUSE_MS = 100

/**
 * Looks again and again until something is so, and fails with `what` if it is not in time. For what no event tells,
 * such as the end of a TTL, or a line in the log of another process.
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
