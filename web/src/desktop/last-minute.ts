import { loginForms as formWords } from '#messages/loginForms'
import { findPart } from '../page/find-part.ts'
import type { TitledWords } from '../page/words.ts'
import type { Clock } from '../wire/clock.ts'
import type { LoginView } from './login-view.ts'
import { setShown } from './shown.ts'

export interface LastMinuteParts {
  readonly root: ParentNode
  readonly clock: Clock
  /** Called when `words` has changed. */
  readonly onChange: () => void
  readonly signal: AbortSignal
}

export interface LastMinute {
  show(view: LoginView): void
  /** What to say in the view's last minute instead of its own words. */
  words(view: LoginView): TitledWords | undefined
}

const MINUTE_MS = 60_000

/**
 * Warns a minute before a login ends (WCAG 2.2, 2.2.1). Until a phone has scanned it, `#more-time` starts another.
 * After the scan the time is fixed: it limits how long somebody who finds the phone can confirm. What has less than a
 * minute from its beginning gets no warning; its ring shows the time.
 */
export function createLastMinute({ root, clock, onChange, signal }: LastMinuteParts): LastMinute {
  const moreTime = findPart(root, '#more-time', HTMLButtonElement)
  const countdown = findPart(root, '.countdown', HTMLElement)
  let waiting = new AbortController()
  let kind: LoginView['kind'] | undefined
  let isAhead = false
  let isLast = false

  const begin = () => {
    isLast = true
    if (kind !== 'pending') return
    setShown(moreTime, true)
    // The button takes the ring's place: no new code would be good for longer than the login.
    setShown(countdown, false)
  }
  const wait = async (ms: number, turn: AbortSignal) => {
    await clock.sleep(ms, turn)
    if (turn.aborted || signal.aborted) return
    begin()
    onChange()
  }

  return {
    show(view) {
      waiting.abort()
      waiting = new AbortController()
      // A renewed code is the same login.
      if (view.kind !== kind) isAhead = false
      kind = view.kind
      isLast = false
      const aheadMs = endOf(view) - MINUTE_MS - clock.now()
      isAhead ||= aheadMs > 0
      if (isAhead && aheadMs <= 0) {
        begin()
        return onChange()
      }
      setShown(moreTime, false)
      if (isAhead) void wait(aheadMs, waiting.signal)
    },
    words: (view) =>
      isLast && (view.kind === 'pending' || view.kind === 'scanned') ? formWords.ending[view.kind] : undefined,
  }
}

function endOf(view: LoginView): number {
  if (view.kind === 'pending') return view.endsAt
  if (view.kind === 'scanned' || view.kind === 'match_required') return view.span.endsAt
  return Number.NEGATIVE_INFINITY
}
