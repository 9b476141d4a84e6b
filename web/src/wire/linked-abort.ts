/** An abort controller that also ends with another signal, until it is let go. */
export interface LinkedAbort {
  signal: AbortSignal
  abort(): void
  /** Lets go of the other signal. Whoever links unlinks, or a long-lived signal collects listeners. */
  unlink(): void
}

// AbortSignal.any() would do, but phones still in use (Safari before 17.4) do not have it.
/** A controller that aborts with `outer`, at once if that has aborted already. */
export function linkAbort(outer: AbortSignal): LinkedAbort {
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (outer.aborted) abort()
  outer.addEventListener('abort', abort)
  return { signal: controller.signal, abort, unlink: () => outer.removeEventListener('abort', abort) }
}
