import { findPart } from '../page/find-part.ts'
import { agoElement, timeElement } from '../page/moment-words.ts'
import { browserWords, wordsFor } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import { ApiError } from '../wire/api-error.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'

export interface LinkedDevicesParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'sessions' | 'revoke' | 'revokeOthers'>
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

export interface LinkedDevices {
  refresh(): Promise<void>
}

/** The list of everywhere the person is signed in, with the buttons that end it. */
export function createLinkedDevices({ root, api, onSignedOut }: LinkedDevicesParts): LinkedDevices {
  const list = findPart(root, '#sessions', HTMLUListElement)
  const template = findPart(root, '#session-template', HTMLTemplateElement)
  const others = findPart(root, '#sign-out-others', HTMLButtonElement)
  const message = findPart(root, '#sessions-message', HTMLElement)

  const attempt = async (act: () => Promise<void>) => {
    message.textContent = ''
    try {
      await act()
    } catch (error) {
      if (error instanceof ApiError && error.code === 'authentication_required') onSignedOut()
      else message.textContent = wordsFor(error)
    }
  }

  const load = async () => {
    const devices = await api.sessions()
    const focused = document.activeElement?.closest('[data-session]')?.getAttribute('data-session')
    // The session that asks was seen just now: the latest of these is the server's time.
    const now = Math.max(...devices.map((device) => device.lastSeenAt))
    list.replaceChildren(...devices.map((device) => item(device, now)))
    // The list is made anew now and then; whoever walks it by keyboard stays where they were.
    if (focused) list.querySelector<HTMLElement>(`[data-session="${CSS.escape(focused)}"] button`)?.focus()
    others.hidden = !devices.some((device) => !device.current)
  }

  const item = (device: LinkedDevice, now: number): Node => {
    const copy = template.content.cloneNode(true)
    if (!(copy instanceof DocumentFragment)) return copy
    const name = browserWords(device.browser)
    const row = findPart(copy, 'li', HTMLElement)
    row.setAttribute('data-kind', device.kind)
    row.setAttribute('data-session', device.id)
    findPart(copy, '.device-name', HTMLElement).textContent = name
    findPart(copy, '.device-kind', HTMLElement).textContent = device.kind === 'phone' ? 'Phone' : 'Browser'
    findPart(copy, '.device-address', HTMLElement).textContent = device.ip
    const seen = findPart(copy, '.device-seen', HTMLElement)
    if (device.current) seen.textContent = 'Active now'
    else seen.append('Last seen ', agoElement(device.lastSeenAt, now))
    seen.title = `Signed in ${timeElement(device.createdAt).textContent}`
    const current = findPart(copy, '.device-current', HTMLElement)
    current.hidden = !device.current
    current.textContent = device.kind === 'phone' ? 'This phone' : 'This browser'
    const button = findPart(copy, 'button', HTMLButtonElement)
    button.hidden = device.current
    button.setAttribute('aria-label', `Sign out ${name}, ${device.ip}`)
    button.addEventListener('click', () => revoke(device, button))
    return copy
  }

  const revoke = (device: LinkedDevice, button: HTMLButtonElement) => {
    button.disabled = true
    return attempt(async () => {
      try {
        await api.revoke({ id: device.id })
      } catch (error) {
        // Gone already, which is what was wanted.
        if (!(error instanceof ApiError && error.code === 'not_found')) throw error
      }
      await load()
    }).finally(() => {
      button.disabled = false
    })
  }

  others.addEventListener('click', () =>
    attempt(async () => {
      await api.revokeOthers()
      await load()
    }),
  )

  return { refresh: () => attempt(load) }
}
