/** What may wait for who reads the standard error output. */
const MOST_BYTES = 65_536

/**
 * Keeps what libraries complain of in bounds: LMDB's says each commit that a full disk refuses, and where nobody reads what it
 * says, that would wait in memory. The log has the trouble once a minute, whoever reads what.
 */
export function boundComplaints(to: Pick<Console, 'error'>, stream: Pick<NodeJS.WriteStream, 'writableLength'>): void {
  const { error } = to
  to.error = (...words) => {
    if (stream.writableLength < MOST_BYTES) error.apply(to, words)
  }
}
