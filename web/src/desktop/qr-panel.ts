import { countDown } from '../page/countdown.ts'
import { findPart } from '../page/find-part.ts'
import type { Clock } from '../wire/clock.ts'
import type { LoginView } from './login-view.ts'

export interface QrPanel {
  show(view: LoginView): void
}

/** The plate with the QR, the ring that counts down to its renewal, and the button over a code that is no more. */
export function createQrPanel(root: ParentNode, clock: Clock, signal: AbortSignal): QrPanel {
  const image = findPart(root, '#qr', HTMLImageElement)
  const refresh = findPart(root, '#refresh', HTMLButtonElement)
  const startOver = findPart(root, '#start-over', HTMLButtonElement)
  const countdown = findPart(root, '.countdown', HTMLElement)
  const seconds = findPart(countdown, '.seconds', HTMLElement)
  const arc = findPart(countdown, '.arc', SVGCircleElement)
  let counting = new AbortController()
  signal.addEventListener('abort', () => counting.abort())

  const count = (endsAt: number, wholeSeconds: number) => {
    counting = new AbortController()
    const onSecond = (left: number) => {
      seconds.textContent = left === 0 ? 'Renewing…' : `New code in ${left} s`
      // The ring's path length is 100 (see index.html), so the offset is a percentage gone.
      arc.setAttribute('stroke-dashoffset', String(100 - (100 * left) / Math.max(1, wholeSeconds)))
    }
    void countDown({ clock, endsAt, onSecond, signal: counting.signal })
  }

  return {
    show(view) {
      counting.abort()
      countdown.hidden = view.kind !== 'pending'
      startOver.hidden = view.kind !== 'scanned' && view.kind !== 'match_required'
      const isTrouble = view.kind === 'start_failed' || view.kind === 'cookies_needed'
      const isOver = view.kind === 'denied' || view.kind === 'expired' || view.kind === 'displaced'
      refresh.hidden = !isOver && !isTrouble
      refresh.textContent = isTrouble ? 'Try again' : 'Show a new code'
      if (view.kind !== 'pending') return
      image.src = view.login.qrImage
      count(view.renewAt, view.login.refreshInSeconds)
    },
  }
}
