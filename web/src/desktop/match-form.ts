import { loginForms as formWords } from '#messages/loginForms'
import { wait } from '#messages/wait'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { createTurns } from '../page/turns.ts'
import { ApiError, askedMsOf } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { createDigitBoxes } from './digit-boxes.ts'
import { isShown, setShown } from './shown.ts'

export interface MatchFormParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly submit: (matchCode: string) => Promise<void>
  readonly signal: AbortSignal
}

export interface MatchForm {
  /** @param triesLeft as the service says now, also while the form is there */
  show(triesLeft: number): void
  /** Says something where nothing is said yet. */
  hint(words: string): void
  hide(): void
}

/** Digits that were sent, and the tries that may have been left. If fewer are left later, the digits were wrong. */
interface Sent {
  readonly digits: string
  readonly triesLeft: number
}

const WHOLE_LENGTH = 6
const ALL_TRIES = 5
/** The pause before the digits are sent: the person sees the last one, and can still change it. */
const SEND_AFTER_MS = 400

/** The desktop's form for the number that the phone shows. It is sent when it is full, or by its button. */
export function createMatchForm({ root, clock, submit, signal }: MatchFormParts): MatchForm {
  const form = findPart(root, '#match-form', HTMLFormElement)
  const input = findPart(form, '#match-code', HTMLInputElement)
  const message = findPart(form, '#match-message', HTMLElement)
  let busy = false
  /** Digits were to be sent while others were on their way. */
  let isNextDue = false
  /** A turn for each time that the form is shown: the answers to earlier turns are ignored. */
  const showings = createTurns()
  let sending = new AbortController()
  let tries = ALL_TRIES
  /** What was sent last, where no answer came that says whether it was taken. */
  let unanswered: Sent | undefined

  const say = (words: string, isWrong: boolean) => {
    message.textContent = words
    message.classList.toggle('wrong', isWrong)
    input.setAttribute('aria-invalid', String(isWrong))
  }
  const boxes = createDigitBoxes(
    form,
    (digits) => {
      sending.abort()
      say('', false)
      if (digits.length === WHOLE_LENGTH) void sendSoon()
    },
    signal,
  )
  const sendSoon = async () => {
    sending = new AbortController()
    const { signal: taken } = sending
    await clock.sleep(SEND_AFTER_MS, taken)
    if (!taken.aborted && !signal.aborted && isShown(form)) void send()
  }
  const send = async () => {
    sending.abort()
    isNextDue = busy
    if (busy) return
    const isStill = showings.begin()
    const matchCode = boxes.digits()
    if (matchCode.length !== WHOLE_LENGTH) {
      // A full form sends itself. Whoever presses the button too, on the emptied form, keeps the words about that try.
      if (matchCode !== '' || message.textContent === '') say(formWords.sixDigits, true)
      return input.focus()
    }
    busy = true
    const focus = focusUnlessLeft()
    const sent = { digits: matchCode, triesLeft: triesBefore(matchCode) }
    unanswered = undefined
    const error = await submit(matchCode).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!isStill()) return
    busy = false
    if (error !== undefined) refused(error, sent, focus)
    // After an error that names a wait, the person presses the button.
    if (isNextDue && isOther(matchCode) && askedMsOf(error) === 0) void send()
  }
  /** Tries left before these digits: others without an answer may have cost one that no poll has told yet. */
  const triesBefore = (digits: string) => {
    if (unanswered === undefined) return tries
    return unanswered.digits === digits ? unanswered.triesLeft : unanswered.triesLeft - 1
  }
  /** Six other digits stand there by now. */
  const isOther = (sent: string) => boxes.digits().length === WHOLE_LENGTH && boxes.digits() !== sent
  const refused = (error: unknown, sent: Sent, focus: (part: HTMLElement) => void) => {
    const triesLeft = error instanceof ApiError ? error.triesLeft : undefined
    unanswered = triesLeft === undefined ? sent : undefined
    if (triesLeft === undefined) say(wordsFor(error), true)
    else sayWrong(error, triesLeft, sent)
    // A poll may have told of the wrong digits before this answer.
    count(triesLeft ?? tries)
    focus(input)
    void sayWhenOver(askedMsOf(error))
  }
  const sayWrong = (error: unknown, triesLeft: number, { digits }: Sent) => {
    // Wrong digits make room for others. Those that did not get through can be sent once more.
    if (boxes.digits() === digits) boxes.clear()
    say([wordsFor(error), formWords.triesLeft({ count: triesLeft })].join(' '), true)
  }
  /** Takes the number of tries left. If it fell since digits were sent that got no answer, they were wrong. */
  const count = (triesLeft: number) => {
    // A poll that was sent earlier may still tell the old number.
    tries = Math.min(tries, triesLeft)
    if (unanswered === undefined || tries >= unanswered.triesLeft) return
    const sent = unanswered
    unanswered = undefined
    sayWrong(wrongDigits(tries), tries, sent)
  }
  const sayWhenOver = async (waitMs: number) => {
    if (waitMs === 0) return
    const words = message.textContent
    await clock.sleep(waitMs, signal)
    if (message.textContent === words) say(wait.over, false)
  }

  const onSubmit = (event: Event) => {
    event.preventDefault()
    void send()
  }
  form.addEventListener('submit', onSubmit, { signal })

  return {
    show(triesLeft) {
      if (isShown(form)) return count(triesLeft)
      setShown(form, true)
      tries = triesLeft
      boxes.clear()
      say(triesLeft < ALL_TRIES ? formWords.triesLeft({ count: triesLeft }) : '', false)
      input.focus()
    },
    hint(words) {
      if (message.textContent === '') message.textContent = words
    },
    hide() {
      sending.abort()
      showings.end()
      busy = false
      unanswered = undefined
      setShown(form, false)
    },
  }
}

const wrongDigits = (triesLeft: number) =>
  new ApiError({ code: 'wrong_match_code', status: 422, retryAfterSeconds: undefined, triesLeft })
