import { login as loginWords } from '#messages/login'
import { countDown } from '../page/countdown.ts'
import { findPart } from '../page/find-part.ts'
import type { Clock } from '../wire/clock.ts'
import { isEnd, type LoginView } from './login-view.ts'
import { leftWords } from './login-words.ts'
import { setShown } from './shown.ts'

export interface QrPanel {
  show(view: LoginView): void
}

/** The plate with the QR, the ring that counts down, and the buttons that begin anew. */
export function createQrPanel(root: ParentNode, clock: Clock, signal: AbortSignal): QrPanel {
  const image = findPart(root, '#qr', HTMLImageElement)
  const refresh = findPart(root, '#refresh', HTMLButtonElement)
  const startOver = findPart(root, '#start-over', HTMLButtonElement)
  const countdown = findPart(root, '.countdown', HTMLElement)
  const words = findPart(countdown, '.left', HTMLElement)
  const arc = findPart(countdown, '.arc', SVGCircleElement)
  let counting = new AbortController()
  signal.addEventListener('abort', () => counting.abort())

  const count = (view: LoginView) => {
    if (!('span' in view) || view.span === undefined) return setShown(countdown, false)
    setShown(countdown, true)
    const { endsAt, wholeSeconds } = view.span
    const onSecond = (left: number) => {
      const isRenewed = view.kind === 'pending' && left === 0
      words.textContent = isRenewed ? loginWords.ring.renewing : loginWords.ring[view.kind]({ left: leftWords(left) })
      // The ring's path length is 100 (see login.html), so the offset is a percentage gone.
      arc.setAttribute('stroke-dashoffset', String(100 - (100 * left) / Math.max(1, wholeSeconds)))
    }
    counting = new AbortController()
    void countDown({ clock, endsAt, onSecond, signal: counting.signal })
  }

  return {
    show(view) {
      counting.abort()
      count(view)
      setShown(startOver, view.kind === 'scanned' || view.kind === 'match_required')
      const isTrouble = view.kind === 'start_failed' || view.kind === 'cookies_needed'
      setShown(refresh, isTrouble || isEnd(view))
      refresh.textContent = isTrouble ? loginWords.tryAgain : loginWords.newCode
      // Hidden from screen readers, which cannot tell that a code is blurred and not to be scanned.
      image.setAttribute('aria-hidden', String(view.kind !== 'pending'))
      if (view.kind === 'pending') image.src = view.login.qrImage
    },
  }
}
