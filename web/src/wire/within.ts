import { linkAbort } from './linked-abort.ts'

/** The time limit of every request that has no reason for another one. */
export const LONGEST_PATIENCE_MS = 10_000

/**
 * Asks with a signal that aborts after so much time, or with `outer`. Rejects as `ask` does.
 * @param ask the whole exchange: `outer` has no effect once it is over
 */
export async function within<T>(
  ms: number,
  ask: (signal: AbortSignal) => Promise<T>,
  outer = new AbortController().signal,
): Promise<T> {
  const { signal, abort, unlink } = linkAbort(outer)
  const timer = setTimeout(abort, ms)
  try {
    return await ask(signal)
  } finally {
    clearTimeout(timer)
    unlink()
  }
}
