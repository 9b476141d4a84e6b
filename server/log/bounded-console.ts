/** What may wait for who reads the standard error output. */
const MOST_BYTES = 65_536

/**
 * Bounds what libraries write to the console. LMDB's complains of each commit that a full disk refuses: where nobody
 * reads that, it would wait in memory. The log tells of the trouble once a minute, whoever reads what.
 */
export function boundComplaints(to: Pick<Console, 'error'>, stream: Pick<NodeJS.WriteStream, 'writableLength'>): void {
  const { error } = to
  to.error = (...words) => {
    if (stream.writableLength < MOST_BYTES) error.apply(to, words)
  }
}
