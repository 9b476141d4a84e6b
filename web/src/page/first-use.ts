import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'

export interface FirstUseParts {
  /** What is typed or touched anywhere in it counts. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** By then a page has all that its first view takes, even on a slow line. */
const SHOWN_MS = 2000
/** The earliest signs that there are: people wait for what comes of them. */
const signs = ['pointerdown', 'keydown', 'input']

/** Resolves once somebody begins to use the page, or has seen it for a moment. Until then whatever can wait, waits. */
export async function firstUse({ page, clock, signal }: FirstUseParts): Promise<void> {
  const over = linkAbort(signal)
  for (const sign of signs) page.addEventListener(sign, over.abort, { capture: true, signal: over.signal })
  await clock.sleep(SHOWN_MS, over.signal)
  over.abort()
  over.unlink()
}
