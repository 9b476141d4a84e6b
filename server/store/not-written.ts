import { StoreError } from './store-error.ts'

/** The cause of a refusal that came before anything was written. */
export class NotWrittenError extends StoreError {
  override name = 'NotWrittenError'
}

/** Before Redis 7 what refuses a script comes after where in it that was, more than once where the script ends by it. */
const REFUSED =
  /^(?:ERR Error running script \(call to \w+\): )?(?:@user_script: *\d+: *)*-?(READONLY|MISCONF|OOM|NOREPLICAS)\b/

/** The word by which a Redis that takes no writes at the moment says so, before it does any of what it was asked. */
export function refusalIn(message: string): string | undefined {
  return REFUSED.exec(message)?.[1]
}

/** Whether a write that failed so has changed nothing, for certain. Of all others nobody knows. */
export function isNotWritten(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof NotWrittenError || (cause instanceof Error && refusalIn(cause.message) !== undefined)
}
