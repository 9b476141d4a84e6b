import { LONGEST_PATIENCE_MS } from './within.ts'

const FIRST_MS = 1000
const MOST_MS = 30_000

/**
 * How long to wait after the n-th failure in a row: 1 s, 2 s, 4 s … 30 s, each shortened by up to a half at random,
 * so that a thousand pages that lost the server together do not come back together.
 */
export function backoffMs(failures: number, random: () => number): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1))
  return full * (1 - random() / 2)
}

/**
 * How long a reply may take. The service repeats a hand-over for ten seconds only, so a page that hears nothing must
 * ask again well within them, and once more. A line that is too slow even for the second try gets the longest time.
 * @param failures in a row, so far
 */
export const replyPatienceMs = (failures: number): number => Math.min(LONGEST_PATIENCE_MS, 4000 + 3000 * failures)
