import { ScanInError } from '../errors.ts'
import { createQueues, type Queues } from '../queues.ts'

const MOST_WAITING = 500
const LONGEST_WAIT_MS = 4000

/**
 * Opens queues, by key, for records that many write at once. Compare-and-set lets one of them through a round trip and
 * sends the rest back to read again; in turn, each of this process gets through at its first try, and only other processes
 * are in its way.
 */
export function createWriteQueues(): Queues {
  const refusal = () => new ScanInError('overloaded')
  return createQueues({ atOnce: 1, mostWaiting: MOST_WAITING, longestWaitMs: LONGEST_WAIT_MS, refusal })
}
