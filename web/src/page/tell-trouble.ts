import { wait } from '#messages/wait'
import { ApiError } from '../wire/api-error.ts'
import { pageClock } from '../wire/clock.ts'
import { countDown } from './countdown.ts'
import { retryingWords, wordsFor } from './error-words.ts'
import { lateModule } from './late-module.ts'
import { setWords } from './set-words.ts'

/**
 * Says what went wrong and what to do: how long to wait, which is counted for the eye and announced once, or where to
 * go. Whatever is written to `place` later ends that. When the wait is over, that is shown and announced (WCAG 2.2,
 * 4.1.3).
 * @param place a live region
 * @param words for what was caught, as `wordsFor`
 */
export function tellTrouble(place: HTMLElement, error: unknown, words: (error: unknown) => string = wordsFor): void {
  tell(place, error, words, () => place.replaceChildren(waitOver()))
}

function waitOver(): HTMLElement {
  const words = document.createElement('span')
  words.className = 'wait-over'
  words.textContent = wait.over
  return words
}

/** As `tellTrouble`, where the page tries again by itself: to the ear that is said once, however often it tries. */
export function tellRetrying(place: HTMLElement, error: unknown): void {
  const heard =
    error instanceof ApiError ? retryingWords(new ApiError({ ...error, retryAfterSeconds: undefined })) : undefined
  tell(place, error, retryingWords, () => undefined, heard)
}

function tell(
  place: HTMLElement,
  error: unknown,
  words: (error: unknown) => string,
  onOver: () => void,
  heard = words(error),
): void {
  if (!(error instanceof ApiError && error.retryAfterSeconds)) setWords(place, words(error))
  else count(place, error, error.retryAfterSeconds, words, onOver, heard)
  if (error instanceof ApiError && error.publicUrl !== undefined) void showWay(place, error.publicUrl)
}

function count(
  place: HTMLElement,
  error: ApiError,
  seconds: number,
  words: (error: unknown) => string,
  onOver: () => void,
  heard: string,
): void {
  const seen = document.createElement('span')
  seen.setAttribute('aria-hidden', 'true')
  const [said, counted] = place.children
  if (said?.className === 'unseen' && said.textContent === heard && counted) counted.replaceWith(seen)
  else place.replaceChildren(unseen(heard), seen)
  const counting = new AbortController()
  const onSecond = (left: number) => {
    if (seen.parentNode !== place) return counting.abort()
    seen.textContent = words(new ApiError({ ...error, retryAfterSeconds: left }))
    if (left === 0) onOver()
  }
  void countDown({
    clock: pageClock,
    endsAt: pageClock.now() + seconds * 1000,
    onSecond,
    signal: counting.signal,
  })
}

function unseen(heard: string): HTMLElement {
  const words = document.createElement('span')
  words.className = 'unseen'
  words.textContent = heard
  return words
}

const loadWay = lateModule(() => import('./way-to-right-address.ts'))

/**
 * Loads this module only if it is needed, which is rare. If it cannot be loaded, `place` has told the trouble already.
 */
async function showWay(place: HTMLElement, publicUrl: string): Promise<void> {
  const before = place.textContent
  const { wayToRightAddress } = await loadWay().catch(() => ({ wayToRightAddress: undefined }))
  const way = wayToRightAddress?.(publicUrl)
  if (way !== undefined && place.textContent === before) place.replaceChildren(...way)
}
