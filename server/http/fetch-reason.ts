import { codeOf } from '../errors.ts'

/** Why a `fetch` failed, for the log. Of a text that names an address nothing is told: there may be a key in its query. */
export function reasonOf(error: unknown): string {
  // `fetch` says why in its error's cause; of a host with several addresses by its code alone.
  const cause = causeOf(error)
  return messageOf(cause) ?? codeOf(cause) ?? messageOf(error) ?? 'it cannot be reached'
}

function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined
}

function messageOf(error: unknown): string | undefined {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  return typeof message === 'string' && message !== '' && !message.includes('://') ? message : undefined
}
