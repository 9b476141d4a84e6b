import type { WakeSource } from '../poll/page-wake.ts'
import type { Api } from '../wire/api.ts'
import { isProblem } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { CurrentSession } from '../wire/session-protocol.ts'

export interface SessionWatchParts {
  readonly api: Pick<Api, 'session'>
  readonly clock: Clock
  readonly wake: WakeSource
  /** Calls back when the session may just have changed or ended. A look that is under way may not know that. */
  readonly onNews: (listener: () => void) => () => void
  readonly isHidden: () => boolean
  readonly onSession: (session: CurrentSession) => void
  readonly onGone: () => void
  /** Told of each failure that leaves the question open. */
  readonly onFailure: (error: unknown) => void
  readonly signal: AbortSignal
}

const BETWEEN_LOOKS_MS = 10_000
const LEAST_BETWEEN_LOOKS_MS = 1000

/** Looks every now and then, and whenever the page comes back, whether the session still stands; until it is gone. */
export async function watchSession(parts: SessionWatchParts): Promise<void> {
  const { clock, wake, isHidden, signal } = parts
  while (!signal.aborted) {
    const beganAt = clock.now()
    const pause = linkAbort(signal)
    const stopHearing = parts.onNews(pause.abort)
    const isOver = !isHidden() && (await isGone(parts))
    const stopListening = wake.onWake(pause.abort)
    if (!isOver) await clock.sleep(BETWEEN_LOOKS_MS, pause.signal)
    stopListening()
    stopHearing()
    pause.unlink()
    if (isOver) return parts.onGone()
    // Focus, pageshow and visibilitychange come together: one look for all of them.
    await clock.sleep(beganAt + LEAST_BETWEEN_LOOKS_MS - clock.now(), signal)
  }
}

async function isGone({ api, onSession, onFailure }: SessionWatchParts): Promise<boolean> {
  try {
    onSession(await api.session())
    return false
  } catch (error) {
    if (isProblem(error, 'authentication_required')) return true
    onFailure(error)
    return false
  }
}
