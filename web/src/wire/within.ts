import { linkAbort } from './linked-abort.ts'

/** How long anything that is asked is waited for, unless it has a reason for another time. */
export const LONGEST_PATIENCE_MS = 10_000

/**
 * Asks with a signal that aborts once so much time has passed, or with `outer`. Rejects as `ask` does.
 * @param ask the whole exchange: the signal is let go when it is over
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
