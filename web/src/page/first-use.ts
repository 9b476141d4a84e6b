import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'

export interface FirstUseParts {
  /** What is typed or touched anywhere in it counts. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** So long after it was shown a page has what its first view takes, on a slow line too. */
const SHOWN_MS = 2000
/** As early as can be: what comes of them is what people wait for. */
const signs = ['pointerdown', 'keydown', 'input']

/** Resolves once somebody begins to use the page, or has had it before them for a moment: what can wait has waited. */
export async function firstUse({ page, clock, signal }: FirstUseParts): Promise<void> {
  const over = linkAbort(signal)
  for (const sign of signs) page.addEventListener(sign, over.abort, { capture: true, signal: over.signal })
  await clock.sleep(SHOWN_MS, over.signal)
  over.abort()
  over.unlink()
}
