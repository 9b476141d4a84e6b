import { devices as deviceWords } from '#messages/devices'
import { findPart } from '../page/find-part.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { type TitledWords, wordsFor } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import { ApiError } from '../wire/api-error.ts'
import type { LinkedDevice, SessionKind } from '../wire/session-protocol.ts'
import { deviceRow } from './device-row.ts'
import { createQuestion } from './question.ts'

export interface LinkedDevicesParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'sessions' | 'revoke' | 'revokeOthers' | 'rename'>
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
  /** Told of the list each time that it was shown. */
  readonly onList?: (devices: readonly LinkedDevice[]) => void
}

export interface LinkedDevices {
  refresh(): Promise<void>
  /** Ends one of them. Throws what stood in the way. */
  end(id: string): Promise<void>
  /** Asks whether all others are to end. */
  askToEndOthers(): Promise<void>
}

const BUTTON = 'button:not([hidden])'

/** The list of everywhere the person is signed in, with the buttons that end it. */
export function createLinkedDevices({ root, api, onSignedOut, onList }: LinkedDevicesParts): LinkedDevices {
  const title = findPart(root, '#devices-title', HTMLElement)
  const list = findPart(root, '#sessions', HTMLUListElement)
  const template = findPart(root, '#session-template', HTMLTemplateElement)
  const browsers = findPart(root, '#sign-out-browsers', HTMLButtonElement)
  const others = findPart(root, '#sign-out-others', HTMLButtonElement)
  const message = findPart(root, '#sessions-message', HTMLElement)
  const said = findPart(root, '#sessions-said', HTMLElement)
  const askPerson = createQuestion(root)
  let shown: readonly LinkedDevice[] = []
  /** What was new once stays so while the page does. */
  const news = new Set<string>()

  const attempt = async (act: () => Promise<void>) => {
    message.textContent = ''
    try {
      await act()
    } catch (error) {
      if (error instanceof ApiError && error.code === 'authentication_required') onSignedOut()
      else message.textContent = wordsFor(error)
    }
  }

  const load = async ({ isAsked = true } = {}) => {
    shown = await api.sessions()
    for (const { id, isNew } of shown) if (isNew) news.add(id)
    // Whoever is writing a name goes on with it.
    if (isAsked || list.querySelector('details[open]') === null) show()
    onList?.(shown)
  }

  const show = () => {
    const before = [...list.querySelectorAll('[data-session]')].map(sessionOf)
    const focus = document.activeElement
    const focused = sessionOf(focus?.closest('[data-session]'))
    // The session that asks was seen just now: the latest of these is the server's time.
    const now = Math.max(...shown.map((device) => device.lastSeenAt))
    list.replaceChildren(...shown.map((device) => item(device, now)))
    if (focused !== undefined) keepFocus(before, focused, focus?.localName === 'summary' ? 'summary' : BUTTON)
    const left = shown.filter(({ current }) => !current)
    others.hidden = left.length === 0
    const linked = left.filter(({ kind }) => kind === 'browser')
    // Where there are no phones beside, both buttons would do the same.
    browsers.hidden = linked.length === 0 || linked.length === left.length
  }

  /** The list is made anew now and then; whoever walks it by keyboard stays where they were, or where that was. */
  const keepFocus = (before: readonly (string | undefined)[], focused: string, part: string) => {
    const places = before.slice(before.indexOf(focused)).map((id) => partOf(id, part))
    const place = places.find((found) => found !== null) ?? title
    place.focus()
  }

  const partOf = (id: string | undefined, part: string): HTMLElement | null =>
    id === undefined ? null : list.querySelector<HTMLElement>(`[data-session="${CSS.escape(id)}"] ${part}`)

  const item = (device: LinkedDevice, now: number): Node =>
    deviceRow({
      template,
      device,
      now,
      isNew: news.has(device.id),
      onSignOut: (button) => void revoke(device, button),
      onRename: (name, field) => void rename(device, name, field),
    })

  const end = async (id: string) => {
    try {
      await api.revoke({ id })
    } catch (error) {
      // Gone already, which is what was wanted.
      if (!(error instanceof ApiError && error.code === 'not_found')) throw error
    }
    await load()
  }

  const revoke = (device: LinkedDevice, button: HTMLButtonElement) => {
    return onceAtATime(button, () => attempt(() => end(device.id)))
  }

  const rename = (device: LinkedDevice, name: string, field: HTMLInputElement) =>
    attempt(async () => {
      const row = field.closest('li')
      try {
        await api.rename({ id: device.id, name })
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'invalid_request')) throw error
        message.textContent = deviceWords.badName
        return
      }
      row?.querySelector('details')?.removeAttribute('open')
      await load()
      said.textContent = name === '' ? '' : deviceWords.renamed({ name })
      partOf(device.id, 'summary')?.focus()
    })

  const endOthers = (kind?: SessionKind) =>
    attempt(async () => {
      const count = shown.filter((device) => !device.current && (kind ?? device.kind) === device.kind).length
      const here = shown.find(({ current }) => current)?.kind ?? 'browser'
      const words = kind === undefined ? endOthersWords(count, here) : endBrowsersWords(count)
      if (!(await askPerson(words))) return
      await api.revokeOthers({ kind })
      await load()
      title.focus()
    })

  browsers.addEventListener('click', () => endOthers('browser'))
  others.addEventListener('click', () => endOthers())

  return { refresh: () => attempt(() => load({ isAsked: false })), end, askToEndOthers: () => endOthers() }
}

const sessionOf = (row: Element | null | undefined): string | undefined =>
  row?.getAttribute('data-session') ?? undefined

const endBrowsersWords = (count: number): TitledWords => ({
  title: deviceWords.endBrowsers.title({ count }),
  more: deviceWords.endBrowsers.more,
})

const endOthersWords = (count: number, here: SessionKind): TitledWords => ({
  title: deviceWords.endOthers.title({ count }),
  more: deviceWords.endOthers.more[here],
})
