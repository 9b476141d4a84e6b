import { backoffMs } from '../wire/backoff.ts'
import type { Clock } from '../wire/clock.ts'
import { countDown } from './countdown.ts'
import type { TabMemory } from './tab-memory.ts'

export interface ComingBackParts {
  readonly clock: Clock
  readonly random: () => number
  /** Epoch milliseconds: this is compared over reloads. */
  readonly today: () => number
  readonly memory: TabMemory
  /** Fires `visibilitychange`. */
  readonly page: Pick<Document, 'addEventListener' | 'hidden'>
  /** Fires `online`. */
  readonly window: Pick<Window, 'addEventListener'>
  /** Whether the service answers. */
  readonly ask: () => Promise<boolean>
  /** Told the whole seconds until it is asked again; 0: it is asked now, or once the page is looked at. */
  readonly onSecond: (secondsLeft: number) => void
  /** Leaves the page, which may be there again at once. */
  readonly goBack: () => void
}

const KEY = 'scanin.came-back'
/** Longer than any pause: what is older was another trouble. */
const REMEMBERED_MS = 120_000

/**
 * Asks until the service answers, with pauses that grow with each failure, and then goes back. A page that fails
 * although the service answers counts as a failure too, so that nobody goes round in circles. Nothing is asked while
 * the page is hidden.
 */
export async function comeBack(parts: ComingBackParts): Promise<void> {
  const { random, today, memory, ask, goBack } = parts
  const returns = returnsIn(memory.get(KEY), today())
  for (let failures = returns + 1; ; failures += 1) {
    // Longer than after other failures: the service may have had too much to do.
    await countedDown(parts, backoffMs(failures + 1, random))
    await looksAt(parts)
    if (!(await ask())) continue
    memory.set(KEY, `${returns + 1} ${today()}`)
    return goBack()
  }
}

/** How often in a row the page went back in vain. A clock that was set back a little does not change that. */
function returnsIn(stored: string | undefined, now: number): number {
  const [, count, at] = /^(\d{1,3}) (\d+)$/.exec(stored ?? '') ?? []
  return Math.abs(now - Number(at)) < REMEMBERED_MS ? Number(count) : 0
}

async function countedDown({ clock, window, onSecond }: ComingBackParts, pauseMs: number): Promise<void> {
  const pause = new AbortController()
  const { signal } = pause
  window.addEventListener('online', () => pause.abort(), { signal })
  await countDown({ clock, endsAt: clock.now() + pauseMs, onSecond, signal })
  if (signal.aborted) onSecond(0)
  pause.abort()
}

async function looksAt({ page }: ComingBackParts): Promise<void> {
  while (page.hidden) {
    await new Promise((resolve) => page.addEventListener('visibilitychange', resolve, { once: true }))
  }
}
