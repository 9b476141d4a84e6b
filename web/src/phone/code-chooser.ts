import { phone as phoneWords } from '#messages/phone'
import { scan as scanWords } from '#messages/scan'
import { findPart } from '../page/find-part.ts'
import { lateModule } from '../page/late-module.ts'
import { addSheet } from '../page/late-sheet.ts'
import { later } from '../page/later.ts'
import { setWords } from '../page/set-words.ts'
import { tellTrouble } from '../page/tell-trouble.ts'
import { createTurns } from '../page/turns.ts'
import { isRefusal } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { normaliseUserCode } from '../wire/user-code.ts'
import { cameraPossible } from './scanner/camera-possible.ts'
import type { Scanner } from './scanner/scanner.ts'

/** Named by the build: how the camera's screen looks. */
declare const VIEWFINDER_SHEET: string

/** A scanner that comes sooner needs no words. */
const SOON_MS = 500

const loadScannerModule = lateModule(() => import('./scanner/scanner.ts'))

export type ChosenCode = { readonly token: string } | { readonly userCode: string }

export interface CodeChooserParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly onCode: (code: ChosenCode) => void
}

export interface CodeChooser {
  /** @param error why the person is here again, or nothing */
  show(error?: unknown): void
  /** Lets go of the camera, and of a picture. */
  leave(): void
}

/** The three ways to tell this phone a code: the camera, a picture, the keyboard. */
export function createCodeChooser({ root, clock, onCode }: CodeChooserParts): CodeChooser {
  const camera = findPart(root, '#camera', HTMLElement)
  const start = findPart(camera, '#camera-start', HTMLButtonElement)
  const dialog = findPart(camera, '.viewfinder', HTMLElement)
  const help = findPart(root, '#camera-help', HTMLElement)
  const file = findPart(root, '#qr-file', HTMLInputElement)
  const form = findPart(root, '#user-code-form', HTMLFormElement)
  const input = findPart(form, '#user-code', HTMLInputElement)
  const message = findPart(root, '#chooser-message', HTMLElement)
  const codeMessage = findPart(form, '#user-code-message', HTMLElement)
  let scanner: Scanner | undefined
  /** A turn for each thing that the person asks for: the next replaces a camera or a picture that is yet to come. */
  const wishes = createTurns()
  /** The code that was sent last. */
  let typed = ''

  const say = (words: string, isWrong = true) => {
    help.hidden = true
    message.classList.toggle('wrong', isWrong)
    setWords(message, words)
  }
  const loadScanner = later(async (): Promise<Scanner> => {
    const [{ createScanner }] = await Promise.all([loadScannerModule(), addSheet(VIEWFINDER_SHEET)])
    scanner = createScanner({
      ...{ camera, help, clock, say },
      onToken: (token) => onCode({ token }),
    })
    return scanner
  })
  const withScanner = async (use: (scanner: Scanner) => Promise<void>) => {
    const isStill = wishes.next()
    const arrived = new AbortController()
    void clock.sleep(SOON_MS, arrived.signal).then(() => {
      if (!arrived.signal.aborted && isStill()) say(phoneWords.loading, false)
    })
    try {
      const loaded = await loadScanner().finally(() => arrived.abort())
      if (isStill()) await use(loaded)
    } catch {
      if (isStill()) say(scanWords.readerMissing)
    }
  }
  const endScanning = () => {
    wishes.end()
    scanner?.end()
  }

  // The whole region starts the camera. In a translated page the button's words are elements, which a click hits.
  camera.addEventListener('click', (event) => {
    if (event.target instanceof Node && dialog.contains(event.target)) return
    void withScanner(({ film }) => film())
  })
  file.addEventListener('change', async () => {
    const [picture] = file.files ?? []
    if (picture) await withScanner(({ read }) => read(picture))
    // So that choosing the same file again is a change again.
    file.value = ''
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const userCode = normaliseUserCode(input.value)
    codeMessage.textContent = userCode === undefined ? scanWords.badUserCode : ''
    if (userCode === undefined) return input.focus()
    say('')
    endScanning()
    typed = input.value
    onCode({ userCode })
  })

  return {
    show(error) {
      endScanning()
      start.hidden = !cameraPossible()
      findPart(camera, '.insecure', HTMLElement).hidden = cameraPossible()
      codeMessage.textContent = ''
      say('')
      if (error !== undefined) tellTrouble(message, error)
      // The code may still be good: it is put back for the next press.
      if (error !== undefined && !isRefusal(error)) input.value = typed
      typed = ''
      // Loads the scanner before it is asked for: most people come for the camera.
      loadScanner().catch(() => undefined)
    },
    leave() {
      endScanning()
      input.value = ''
    },
  }
}
