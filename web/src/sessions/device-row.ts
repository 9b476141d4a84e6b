import { devices as deviceWords } from '#messages/devices'
import { copyOf } from '../page/copy-of.ts'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { agoElement, timeElement } from '../page/moment-words.ts'
import { browserWords } from '../page/words.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { drawSigns } from './device-signs.ts'

export interface DeviceRowParts {
  readonly template: HTMLTemplateElement
  readonly id: string
  readonly onSignOut: (button: HTMLButtonElement) => void
  readonly onRename: () => void
}

export interface ShownDevice {
  readonly device: LinkedDevice
  /** On the server's clock. */
  readonly now: number
  readonly isNew: boolean
  /** Which of those it is that have its name and its address, from 1; 0 where it is the only one. */
  readonly twin: number
}

export interface DeviceRow {
  readonly element: HTMLElement
  /** Changes only what is different now: somebody may be reading the rest. */
  show(shown: ShownDevice): void
}

/** What people know a device by. */
export const nameOf = ({ name, browser }: Pick<LinkedDevice, 'name' | 'browser'>): string =>
  name ?? browserWords(browser)

/** A place where the person is signed in, with what ends it and what gives it a name. */
export function createDeviceRow({ template, id, onSignOut, onRename }: DeviceRowParts): DeviceRow {
  const copy = copyOf(template)
  const row = findPart(copy, 'li', HTMLElement)
  const part = (name: string) => named(findPart(row, `.device-${name}`, HTMLElement), `device-${id}-${name}`)
  const [name, address, number] = [part('name'), part('address'), part('number')]
  const seen = findPart(row, '.device-seen', HTMLElement)
  const end = named(findPart(row, '.device-end', HTMLButtonElement), `device-${id}-end`)
  const rename = named(findPart(row, '.device-rename', HTMLInputElement), `device-${id}-rename`)
  row.setAttribute('data-session', id)
  rename.setAttribute('aria-labelledby', `${rename.id} ${name.id} ${number.id}`)
  end.addEventListener('click', () => onSignOut(end))
  rename.addEventListener('click', onRename)
  let before = ''

  return {
    element: row,
    show({ device, now, isNew, twin }) {
      showSeen(seen, device, now)
      const { lastSeenAt: _lastSeenAt, ...lasting } = device
      const after = JSON.stringify([lasting, isNew, twin])
      if (before === after) return
      before = after
      const { kind, browser, current } = device
      row.setAttribute('data-kind', kind)
      drawSigns(findPart(row, '.device-icon', HTMLElement), browser, kind)
      name.textContent = nameOf(device)
      findPart(row, '.device-new', HTMLElement).hidden = !isNew
      // A device that has a name also shows what it is.
      const what = device.name === undefined ? deviceWords.kind[kind] : browserWords(browser)
      findPart(row, '.device-kind', HTMLElement).textContent = what
      address.textContent = device.ip
      findPart(row, '.device-place', HTMLElement).textContent = device.place ?? ''
      const mark = findPart(row, '.device-current', HTMLElement)
      mark.hidden = !current
      mark.textContent = current ? deviceWords.current[kind] : ''
      end.hidden = current
      number.textContent = twin === 0 ? '' : String(twin)
      // The button's own words come first, for people who press it by voice (WCAG 2.5.3); then which device it is.
      end.setAttribute('aria-labelledby', [end, name, address, number].map((each) => each.id).join(' '))
    },
  }
}

function named<T extends Element>(element: T, id: string): T {
  element.id = id
  return element
}

function showSeen(place: HTMLElement, { current, lastSeenAt, createdAt }: LinkedDevice, now: number): void {
  const fresh = document.createElement('p')
  if (current) fresh.textContent = deviceWords.activeNow
  else fill(fresh, (time) => deviceWords.lastSeen({ time }), agoElement(lastSeenAt, now))
  if (fresh.textContent === place.textContent) return
  place.replaceChildren(...fresh.childNodes)
  place.title = deviceWords.signedInAt({ time: timeElement(createdAt).textContent })
}
