import { devices as deviceWords } from '#messages/devices'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { agoElement, timeElement } from '../page/moment-words.ts'
import { browserWords } from '../page/words.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { drawSigns } from './device-signs.ts'

export interface DeviceRowParts {
  readonly template: HTMLTemplateElement
  readonly device: LinkedDevice
  /** On the server's clock. */
  readonly now: number
  readonly isNew: boolean
  readonly onSignOut: (button: HTMLButtonElement) => void
  readonly onRename: (name: string, field: HTMLInputElement) => void
}

/** What people know a device by. */
export const nameOf = ({ name, browser }: Pick<LinkedDevice, 'name' | 'browser'>): string =>
  name ?? browserWords(browser)

/** A place where the person is signed in, with what ends it and what gives it a name. */
export function deviceRow({ template, device, now, isNew, onSignOut, onRename }: DeviceRowParts): Node {
  const copy = template.content.cloneNode(true)
  if (!(copy instanceof DocumentFragment)) return copy
  const { id, kind, name, browser, current } = device
  const shown = nameOf(device)
  const row = findPart(copy, 'li', HTMLElement)
  row.setAttribute('data-kind', kind)
  row.setAttribute('data-session', id)
  drawSigns(findPart(copy, '.device-icon', HTMLElement), browser, kind)
  findPart(copy, '.device-name', HTMLElement).textContent = shown
  findPart(copy, '.device-new', HTMLElement).hidden = !isNew
  // Who has given it a name still wants to see what it is.
  const what = name === undefined ? deviceWords.kind[kind] : browserWords(browser)
  findPart(copy, '.device-kind', HTMLElement).textContent = what
  findPart(copy, '.device-address', HTMLElement).textContent = device.ip
  findPart(copy, '.device-place', HTMLElement).textContent = device.place ?? ''
  const seen = findPart(copy, '.device-seen', HTMLElement)
  if (current) seen.textContent = deviceWords.activeNow
  else fill(seen, (time) => deviceWords.lastSeen({ time }), agoElement(device.lastSeenAt, now))
  seen.title = deviceWords.signedInAt({ time: timeElement(device.createdAt).textContent })
  const mark = findPart(copy, '.device-current', HTMLElement)
  mark.hidden = !current
  mark.textContent = deviceWords.current[kind]
  const button = findPart(copy, 'button', HTMLButtonElement)
  button.hidden = current
  button.setAttribute('aria-label', deviceWords.signOut({ name: shown, address: device.ip }))
  button.addEventListener('click', () => onSignOut(button))
  naming(copy, shown, name, onRename)
  return copy
}

function naming(row: DocumentFragment, shown: string, name: string | undefined, onRename: DeviceRowParts['onRename']) {
  findPart(row, 'summary', HTMLElement).setAttribute('aria-label', deviceWords.rename({ name: shown }))
  const form = findPart(row, 'form', HTMLFormElement)
  const field = findPart(form, '[name="name"]', HTMLInputElement)
  field.value = name ?? ''
  field.placeholder = shown
  field.setAttribute('aria-label', deviceWords.nameOf({ name: shown }))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    onRename(field.value.trim(), field)
  })
}
