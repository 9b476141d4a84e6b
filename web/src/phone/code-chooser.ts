import { findPart } from '../page/find-part.ts'
import { scanWords } from '../page/words.ts'
import type { Clock } from '../wire/clock.ts'
import { tokenOfScanLink } from '../wire/scan-link.ts'
import { normaliseUserCode } from '../wire/user-code.ts'
import { CameraError, cameraPossible, scanWithCamera } from './camera.ts'
import { readPicture } from './picture-file.ts'
import { loadQrReader, type QrReader } from './qr-reader.ts'

export type ChosenCode = { readonly token: string } | { readonly userCode: string }

export interface CodeChooserParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly onCode: (code: ChosenCode) => void
}

export interface CodeChooser {
  /** @param words why the person is here again, or nothing */
  show(words: string): void
  /** Lets go of the camera. */
  leave(): void
}

/** The three ways to tell this phone a code: the camera, a picture, the keyboard. */
export function createCodeChooser({ root, clock, onCode }: CodeChooserParts): CodeChooser {
  const camera = findPart(root, '#camera', HTMLElement)
  const start = findPart(camera, '#camera-start', HTMLButtonElement)
  const stop = findPart(camera, '#camera-stop', HTMLButtonElement)
  const viewfinder = findPart(camera, '.viewfinder', HTMLElement)
  const video = findPart(camera, 'video', HTMLVideoElement)
  const file = findPart(root, '#qr-file', HTMLInputElement)
  const form = findPart(root, '#user-code-form', HTMLFormElement)
  const input = findPart(form, '#user-code', HTMLInputElement)
  const message = findPart(root, '#chooser-message', HTMLElement)
  const codeMessage = findPart(form, '#user-code-message', HTMLElement)
  let filming: AbortController | undefined
  let readerOnce: Promise<QrReader> | undefined

  const say = (words: string) => {
    if (message.textContent !== words) message.textContent = words
  }
  const reader = (): Promise<QrReader> => {
    readerOnce ??= loadQrReader().catch((error: unknown) => {
      readerOnce = undefined
      throw error
    })
    return readerOnce
  }
  const troubleWords = (error: unknown): string =>
    error instanceof CameraError ? scanWords.camera[error.trouble] : scanWords.readerMissing
  const take = (text: string): boolean => {
    const token = tokenOfScanLink(text, location.origin)
    if (token === undefined) {
      say(scanWords.notOurs)
      return false
    }
    say('')
    onCode({ token })
    return true
  }

  // Whether the camera goes on when the page comes back to sight.
  let resting = false
  // Whether the system keeps the camera for itself. It may give it back; until then the person may try anew.
  let interrupted = false

  const showCamera = (isOn: boolean) => {
    start.hidden = isOn || !cameraPossible()
    viewfinder.hidden = !isOn
  }
  const onInterrupted = (now: boolean) => {
    interrupted = now
    say(now ? scanWords.camera.stopped : '')
    showCamera(!now)
  }
  const film = async () => {
    if (filming) return
    const mine = new AbortController()
    filming = mine
    say('')
    showCamera(true)
    try {
      const { signal } = mine
      await scanWithCamera({ video, reader: await reader(), clock, onText: take, onInterrupted, signal })
    } catch (error) {
      if (filming === mine) say(troubleWords(error))
    } finally {
      if (filming === mine) endFilm()
    }
  }
  const endFilm = () => {
    resting = false
    interrupted = false
    filming?.abort()
    filming = undefined
    showCamera(false)
  }

  // The whole region starts the camera; only the button beside the picture ends it.
  camera.addEventListener('click', (event) => {
    // A translated button's words are elements of their own, and the click is theirs.
    if (event.target instanceof Node && stop.contains(event.target)) return endFilm()
    if (interrupted) endFilm()
    if (!filming) void film()
  })
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      if (resting) void film()
      return
    }
    const wasFilming = filming !== undefined
    endFilm()
    resting = wasFilming
  })
  file.addEventListener('change', async () => {
    const [picture] = file.files ?? []
    if (!picture) return
    endFilm()
    say('Reading the picture…')
    try {
      const result = await readPicture(picture, await reader())
      if (result.kind === 'read') take(result.text)
      else say(result.kind === 'no_code' ? scanWords.noCodeInPicture : scanWords.pictureUnreadable)
    } catch (error) {
      say(troubleWords(error))
    } finally {
      // So that choosing the same file again is a change again.
      file.value = ''
    }
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const userCode = normaliseUserCode(input.value)
    codeMessage.textContent = userCode === undefined ? scanWords.badUserCode : ''
    if (userCode === undefined) return input.focus()
    say('')
    endFilm()
    onCode({ userCode })
  })

  return {
    show(words) {
      endFilm()
      findPart(camera, '.insecure', HTMLElement).hidden = cameraPossible()
      codeMessage.textContent = ''
      say(words)
    },
    leave() {
      endFilm()
      input.value = ''
    },
  }
}
