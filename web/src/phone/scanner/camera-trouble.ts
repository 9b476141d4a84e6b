import { scan as scanWords } from '#messages/scan'
import { scanner as scannerWords } from '#messages/scanner'
import { CameraError } from './camera-error.ts'
import { asksAgain, cameraHelpFor } from './permission-help.ts'

export interface CameraTroubleParts {
  /** The place for steps. `say` hides it. */
  readonly help: HTMLElement
  readonly say: (words: string) => void
}

/** @returns what tells people what is the matter with the camera, and what to do about it in this browser */
export function createCameraTrouble({ help, say }: CameraTroubleParts): (error: unknown) => Promise<void> {
  const steps = help.querySelector('ol')
  return async (error) => {
    // The reader failed, not the camera.
    if (!(error instanceof CameraError)) return say(scanWords.readerMissing)
    if (error.trouble !== 'refused') return say(scannerWords.camera[error.trouble])
    const kind = cameraHelpFor(navigator.userAgent, navigator.maxTouchPoints)
    // Apple's browsers say "prompt" even if they will not ask again before the page is loaded anew.
    const isPutAside = kind !== 'safariPhone' && kind !== 'inApp' && (await asksAgain())
    say(isPutAside ? scannerWords.cameraPutAside : scannerWords.camera.refused)
    if (isPutAside) return
    steps?.replaceChildren(
      ...scannerWords.cameraHelp[kind].map((words) => {
        const step = document.createElement('li')
        step.textContent = words
        return step
      }),
    )
    help.hidden = false
  }
}
