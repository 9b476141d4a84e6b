import { StoreError } from './store-error.ts'

/** The cause of a refusal that came before anything was written. */
export class NotWrittenError extends StoreError {
  override name = 'NotWrittenError'
}

/** Before Redis 7 a refusal in a script comes after its place there, more than once where it ends the script. */
const REFUSED =
  /^(?:ERR Error running script \(call to \w+\): )?(?:@user_script: *\d+: *)*-?(READONLY|MISCONF|OOM|NOREPLICAS)\b/

/** The word by which Redis says, before it does anything it was asked, that it takes no writes at the moment. */
export function refusalIn(message: string): string | undefined {
  return REFUSED.exec(message)?.[1]
}

/** Whether a write that failed by this error has changed nothing, for certain. After any other error it may have. */
export function isNotWritten(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof NotWrittenError || (cause instanceof Error && refusalIn(cause.message) !== undefined)
}
