import { scanner as scannerWords } from '#messages/scanner'
import { findPart } from '../../page/find-part.ts'
import { setWords } from '../../page/set-words.ts'
import type { Clock } from '../../wire/clock.ts'
import { controlsOf, lenses } from './camera-controls.ts'

export interface ViewfinderParts {
  /** The `<dialog>` over the whole screen. */
  readonly dialog: HTMLDialogElement
  readonly clock: Clock
  readonly onStop: () => void
  readonly onLens: (deviceId: string) => void
}

export interface Viewfinder {
  readonly video: HTMLVideoElement
  /** Dark until the camera films. */
  open(): void
  /** The camera films by this track. */
  filming(track: MediaStreamTrack, signal: AbortSignal): void
  /** The camera films again, after it was kept from us. */
  goOn(): void
  say(words: string): void
  /** A code was read: the picture stands for a moment, so that people see that. */
  found(signal: AbortSignal): Promise<void>
  close(): void
}

const FOUND_MS = 350
const HINT_AFTER_MS = 9000

/** What is seen while the camera looks for a code, and what can be set. */
export function createViewfinder({ dialog, clock, onStop, onLens }: ViewfinderParts): Viewfinder {
  const video = findPart(dialog, 'video', HTMLVideoElement)
  const message = findPart(dialog, '.viewfinder-message', HTMLElement)
  const stop = findPart(dialog, '#camera-stop', HTMLButtonElement)
  const torch = findPart(dialog, '#camera-torch', HTMLButtonElement)
  const zoomField = findPart(dialog, '.viewfinder-zoom', HTMLElement)
  const zoom = findPart(dialog, '#camera-zoom', HTMLInputElement)
  const lensField = findPart(dialog, '.viewfinder-lens', HTMLElement)
  const lens = findPart(dialog, '#camera-lens', HTMLSelectElement)
  let controls: ReturnType<typeof controlsOf> | undefined

  const say = (words: string) => setWords(message, words)
  // A camera that cannot do what it said it could: the control goes, and the picture stays.
  const without = (part: HTMLElement) => () => {
    part.hidden = true
  }
  const showLenses = async (track: MediaStreamTrack, signal: AbortSignal) => {
    const all = await lenses()
    if (signal.aborted) return
    lensField.hidden = all.length < 2
    const { deviceId } = track.getSettings()
    lens.replaceChildren(...all.map((each) => new Option(each.label, each.deviceId, false, each.deviceId === deviceId)))
  }
  const hintLater = async (signal: AbortSignal) => {
    await clock.sleep(HINT_AFTER_MS, signal)
    if (!signal.aborted && dialog.dataset['state'] === 'looking' && message.textContent === '') {
      say(scannerWords.viewfinder.hint)
    }
  }

  stop.addEventListener('click', onStop)
  // Escape, or Android's way back.
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault()
    onStop()
  })
  torch.addEventListener('click', () => {
    const isOn = torch.getAttribute('aria-pressed') !== 'true'
    torch.setAttribute('aria-pressed', String(isOn))
    controls?.torch?.set(isOn).catch(without(torch))
  })
  zoom.addEventListener('input', () => {
    controls?.zoom?.set(zoom.valueAsNumber).catch(without(zoomField))
  })
  lens.addEventListener('change', () => onLens(lens.value))

  return {
    video,
    open() {
      if (dialog.open) return
      dialog.dataset['state'] = 'starting'
      say(scannerWords.viewfinder.starting)
      dialog.showModal()
    },
    filming(track, signal) {
      dialog.dataset['state'] = 'looking'
      say('')
      controls = controlsOf(track)
      torch.hidden = controls.torch === undefined
      torch.setAttribute('aria-pressed', 'false')
      zoomField.hidden = controls.zoom === undefined
      if (controls.zoom !== undefined) {
        const { min, max, step, value } = controls.zoom.range
        Object.assign(zoom, { min: String(min), max: String(max), step: String(step), value: String(value) })
      }
      void showLenses(track, signal)
      void hintLater(signal)
    },
    goOn() {
      dialog.dataset['state'] = 'looking'
      say('')
    },
    say,
    async found(signal) {
      dialog.dataset['state'] = 'found'
      say(scannerWords.viewfinder.found)
      video.pause()
      // People who ask for less motion get no buzz either.
      const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
      if (!isStill && 'vibrate' in navigator) navigator.vibrate(60)
      await clock.sleep(FOUND_MS, signal)
    },
    close() {
      if (dialog.open) dialog.close()
    },
  }
}
