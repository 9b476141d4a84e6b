import { scan as scanWords } from '#messages/scan'
import { scanner as scannerWords } from '#messages/scanner'
import { findPart } from '../../page/find-part.ts'
import type { Clock } from '../../wire/clock.ts'
import { tokenOfScanLink } from '../../wire/scan-link.ts'
import { scanWithCamera } from './camera.ts'
import { cameraPossible } from './camera-possible.ts'
import { createCameraTrouble } from './camera-trouble.ts'
import { readPicture } from './picture-file.ts'
import { createQrReaders } from './qr-reader.ts'
import { createViewfinder } from './viewfinder.ts'

export interface ScannerParts {
  /** `#camera`, with the button that starts it and the screen that it is then. */
  readonly camera: HTMLElement
  readonly help: HTMLElement
  readonly clock: Clock
  /** @param isWrong left out: true */
  readonly say: (words: string, isWrong?: boolean) => void
  readonly onToken: (token: string) => void
}

export interface Scanner {
  /** Films until a code is read. Does nothing if it films already. */
  film(): Promise<void>
  /** Reads a picture that the person chose. */
  read(picture: Blob): Promise<void>
  /** Lets go of the camera, and of the picture that is being read. */
  end(): void
}

/** Codes by the camera and out of pictures. With all that it takes it is a file of its own, loaded at the first use. */
export function createScanner({ camera, help, clock, say, onToken }: ScannerParts): Scanner {
  const start = findPart(camera, '#camera-start', HTMLButtonElement)
  const dialog = findPart(camera, '.viewfinder', HTMLDialogElement)
  const tell = createCameraTrouble({ help, say })
  const readers = createQrReaders(clock)
  let filming: AbortController | undefined
  /** The picture that is being read: whatever the person does next takes its place. */
  let reading: AbortController | undefined
  // The camera that the person chose among several.
  let lens: string | undefined
  // Whether the camera goes on when the page comes back to sight.
  let resting = false
  // Whether the system keeps the camera for itself. It may give it back; until then the person may try anew.
  let interrupted = false

  /** The token in a code of ours; the person is told when it is none. */
  const tokenOf = (text: string, tellThem: (words: string) => void): string | undefined => {
    const token = tokenOfScanLink(text, location.origin)
    tellThem(token === undefined ? scanWords.notOurs : '')
    return token
  }
  // In this order: the dialog gives the focus back to what had it when it opened, if that is visible when it closes.
  const showCamera = (isOn: boolean) => {
    if (isOn) viewfinder.open()
    start.hidden = isOn || !cameraPossible()
    if (!isOn) viewfinder.close()
  }
  const onInterrupted = (now: boolean) => {
    if (!now && isElsewhere()) return endFilming()
    interrupted = now
    say(now ? scannerWords.camera.stopped : '')
    showCamera(!now)
    if (!now) viewfinder.goOn()
  }
  const film = async () => {
    if (interrupted) endFilming()
    if (filming) return
    // The person asked for the camera and then left the page, while the scanner was on its way.
    if (document.hidden) {
      resting = true
      return
    }
    reading?.abort()
    const mine = new AbortController()
    const { signal } = mine
    filming = mine
    say('')
    showCamera(true)
    const onText = async (text: string) => {
      const token = tokenOf(text, viewfinder.say)
      if (token === undefined) return false
      await viewfinder.found(signal)
      if (!signal.aborted) onToken(token)
      return true
    }
    const onFilming = (track: MediaStreamTrack) => viewfinder.filming(track, signal)
    const { video } = viewfinder
    const reader = readers.forCamera()
    try {
      await scanWithCamera({ video, deviceId: lens, reader, clock, onFilming, onText, onInterrupted, signal })
    } catch (error) {
      // The chosen camera may be gone: the next try takes any.
      lens = undefined
      if (filming === mine) await tell(error)
    } finally {
      if (filming === mine) endFilming()
    }
  }
  const endFilming = () => {
    resting = false
    interrupted = false
    filming?.abort()
    filming = undefined
    showCamera(false)
  }
  const end = () => {
    reading?.abort()
    endFilming()
  }
  const viewfinder = createViewfinder({
    dialog,
    clock,
    onStop: endFilming,
    onLens(deviceId) {
      lens = deviceId
      // The screen stays, with another picture in it.
      filming?.abort()
      filming = undefined
      void film()
    },
  })

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      if (resting && !isElsewhere()) void film()
      return
    }
    const wasFilming = filming !== undefined
    endFilming()
    resting = wasFilming
  })

  return {
    film,
    end,
    async read(picture) {
      end()
      reading = new AbortController()
      const { signal } = reading
      say(scannerWords.readingPicture, false)
      try {
        const result = await readPicture(picture, await readers.forPictures(), signal)
        if (signal.aborted) return
        if (result.kind !== 'read') {
          return say(result.kind === 'no_code' ? scannerWords.noCodeInPicture : scannerWords.pictureUnreadable)
        }
        const token = tokenOf(result.text, say)
        if (token !== undefined) onToken(token)
      } catch (error) {
        if (!signal.aborted) await tell(error)
      }
    },
  }
}

/** The person types, or is being asked something: the camera's screen, coming back by itself, would cover that. */
const isElsewhere = (): boolean =>
  document.activeElement instanceof HTMLInputElement || document.querySelector('dialog[open]') !== null
