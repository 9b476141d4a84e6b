import { devices as deviceWords } from '#messages/devices'
import { findPart } from '../page/find-part.ts'
import type { Personal } from '../page/owner.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { groupDevices, groupNames } from './device-groups.ts'
import { createDeviceRow, type DeviceRow, nameOf } from './device-row.ts'
import { focusAfter, focusRow, putInOrder } from './rows.ts'

export interface DeviceListParts {
  readonly root: ParentNode
  readonly onSignOut: (device: LinkedDevice, button: HTMLButtonElement) => void
  readonly onRename: (device: LinkedDevice) => void
}

export interface DeviceList extends Personal {
  /** A row stays the same element for as long as its device is there. */
  show(devices: readonly LinkedDevice[]): void
}

/** `#sessions` and `#more-devices`: the rows, in groups, and the button that shows the rest of many. */
export function createDeviceList({ root, onSignOut, onRename }: DeviceListParts): DeviceList {
  const title = findPart(root, '#devices-title', HTMLElement)
  const list = findPart(root, '#sessions', HTMLElement)
  const template = findPart(root, '#session-template', HTMLTemplateElement)
  const more = findPart(root, '#more-devices', HTMLButtonElement)
  const places = groupNames.map((name) => ({ name, rows: findPart(list, `[data-group="${name}"]`, HTMLUListElement) }))
  const rows = new Map<string, DeviceRow>()
  /** Devices that were new once stay so while the page is the same person's. */
  const news = new Set<string>()
  /** `lastSeenAt` at the person's first look since they came to the page. */
  const firstSeenAt = new Map<string, number>()
  let shown: readonly LinkedDevice[] = []
  let isWhole = false

  const rowOf = (id: string): DeviceRow => {
    const known = rows.get(id)
    if (known !== undefined) return known
    const withDevice = (act: (device: LinkedDevice) => void) => {
      const device = shown.find((each) => each.id === id)
      if (device !== undefined) act(device)
    }
    const row = createDeviceRow({
      template,
      id,
      onSignOut: (button) => withDevice((device) => onSignOut(device, button)),
      onRename: () => withDevice(onRename),
    })
    rows.set(id, row)
    return row
  }

  const draw = () => {
    // The session that asks was seen just now: the latest of these is the server's time.
    const now = Math.max(...shown.map((device) => device.lastSeenAt))
    const twins = twinsAmong(shown)
    const seenAt = ({ id, lastSeenAt }: LinkedDevice) => firstSeenAt.get(id) ?? lastSeenAt
    const isNew = ({ id }: LinkedDevice) => news.has(id)
    const { groups, beyond } = groupDevices(shown, { seenAt, isNew, now, isWhole })
    const before = [...list.querySelectorAll('[data-session]')]
    const held = document.activeElement?.closest('[data-session]')
    for (const { name, rows: place } of places) {
      const devices = groups[name]
      putInOrder(
        place,
        devices.map((device) => {
          const row = rowOf(device.id)
          row.show({ device, now, isNew: isNew(device), twin: twins.get(device.id) ?? 0 })
          return row.element
        }),
      )
      place.hidden = devices.length === 0
      const heading = list.querySelector(`#devices-${name}`)
      heading?.toggleAttribute('hidden', devices.length === 0)
    }
    more.hidden = beyond === 0
    more.textContent = isWhole ? deviceWords.showFewer : deviceWords.showMore({ count: beyond })
    more.setAttribute('aria-expanded', String(isWhole))
    if (held && !held.isConnected) focusAfter(before, held, title)
  }

  document.addEventListener('visibilitychange', () => firstSeenAt.clear())
  more.addEventListener('click', () => {
    const before = new Set(list.querySelectorAll('[data-session]'))
    isWhole = !isWhole
    draw()
    const first = [...list.querySelectorAll<HTMLElement>('[data-session]')].find((row) => !before.has(row))
    if (isWhole && first !== undefined) focusRow(first)
  })

  return {
    show(devices) {
      shown = devices
      const ids = new Set(devices.map(({ id }) => id))
      for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id)
      for (const { id, isNew, lastSeenAt } of devices) {
        if (isNew) news.add(id)
        if (!firstSeenAt.has(id)) firstSeenAt.set(id, lastSeenAt)
      }
      draw()
    },
    forget() {
      shown = []
      isWhole = false
      for (const known of [rows, news, firstSeenAt]) known.clear()
      draw()
    },
  }
}

/** Numbers those that go by one name at one address, from the oldest on: else their buttons could not be told apart. */
function twinsAmong(devices: readonly LinkedDevice[]): ReadonlyMap<string, number> {
  const alike = new Map<string, string[]>()
  for (const device of [...devices].sort((one, other) => one.createdAt - other.createdAt)) {
    const looks = `${nameOf(device)} ${device.ip}`
    alike.set(looks, [...(alike.get(looks) ?? []), device.id])
  }
  const twins = [...alike.values()].filter((ids) => ids.length > 1)
  return new Map(twins.flatMap((ids) => ids.map((id, at): [string, number] => [id, at + 1])))
}
