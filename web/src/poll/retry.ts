import { askedMsOf, isRefusal } from '../wire/api-error.ts'
import { backoffMs } from '../wire/backoff.ts'
import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { WakeSource } from './page-wake.ts'

export interface RetryParts {
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  /** Wakes by the person, who wants a try at once, even before the time that the server asked for. Left out: none. */
  readonly urgent?: WakeSource
  readonly signal: AbortSignal
  /** Told of each failure that will be tried again. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Tries until it is answered: `undefined` when aborted. A refusal (see isRefusal) is thrown, since trying again cannot help.
 * Each try is told how many have failed. Waits as the server asks (Retry-After), else with backoff, which a wake cuts short.
 */
export async function untilAnswered<T>(
  attempt: (failures: number) => Promise<T>,
  parts: RetryParts,
): Promise<T | undefined> {
  for (let failures = 0; !parts.signal.aborted; failures += 1) {
    try {
      return await attempt(failures)
    } catch (error) {
      if (isRefusal(error)) throw error
      if (parts.signal.aborted) return undefined
      parts.onFailure(error)
      await pauseAfter(error, failures + 1, parts)
    }
  }
  return undefined
}

async function pauseAfter(error: unknown, failures: number, { clock, random, wake, urgent, signal }: RetryParts) {
  const askedMs = askedMsOf(error)
  const pause = linkAbort(signal)
  const stopListening = wake.onWake(() => {
    if (askedMs === 0) pause.abort()
  })
  const stopHurrying = urgent?.onWake(pause.abort)
  await clock.sleep(Math.max(backoffMs(failures, random), askedMs), pause.signal)
  stopListening()
  stopHurrying?.()
  pause.unlink()
}
