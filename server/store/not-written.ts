/** The cause of a refusal that came before anything was written. */
export class NotWrittenError extends Error {
  override name = 'NotWrittenError'
}

/** A Redis that takes no writes at the moment says so before it does any of what it was asked. */
const REFUSED = /^(@user_script: *\d+: *)?-?(READONLY|MISCONF|OOM|NOREPLICAS)\b/

/** Whether a write that failed so has changed nothing, for certain. Of all others nobody knows. */
export function isNotWritten(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof NotWrittenError || (cause instanceof Error && REFUSED.test(cause.message))
}
