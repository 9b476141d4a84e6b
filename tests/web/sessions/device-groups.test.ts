import { expect, test } from '@jest/globals'
import { groupDevices, MOST_AT_FIRST } from '../../../web/src/sessions/device-groups.ts'
import type { LinkedDevice } from '../../../web/src/wire/session-protocol.ts'

const DAY = 86_400_000
const now = 1_800_000_000_000

const device = (id: string, daysAgo: number, more: Partial<LinkedDevice> = {}): LinkedDevice => ({
  ...{ id, kind: 'browser', name: undefined, browser: { name: 'Firefox', os: 'Linux' }, ip: '192.0.2.1' },
  ...{ place: undefined, createdAt: now - 30 * DAY, lastSeenAt: now - daysAgo * DAY },
  ...{ current: false, isNew: false, login: undefined, ...more },
})

const grouped = (devices: readonly LinkedDevice[], isWhole = false) => {
  const seenAt = ({ lastSeenAt }: LinkedDevice) => lastSeenAt
  const { groups, beyond } = groupDevices(devices, { seenAt, isNew: (each) => each.isNew, now, isWhole })
  const ids = (group: readonly LinkedDevice[]) => group.map(({ id }) => id).join(' ')
  return { here: ids(groups.here), recent: ids(groups.recent), idle: ids(groups.idle), beyond }
}

test('this device comes first, then what is new, then what was used last; what was not for a week is apart', () => {
  const devices = [
    ...[device('a week', 7), device('days', 6.9), device('this', 0, { current: true }), device('today', 0.1)],
    ...[device('new', 8, { isNew: true }), device('month', 30)],
  ]
  expect(grouped(devices)).toEqual({ here: 'this', recent: 'new today days', idle: 'a week month', beyond: 0 })
})

test('what was used again while the page was open is among those, in the place that it had', () => {
  const devices = [device('days', 2), device('again', 0), device('weeks', 20)]
  const seenAt = ({ id, lastSeenAt }: LinkedDevice) => (id === 'again' ? now - 10 * DAY : lastSeenAt)
  const { groups } = groupDevices(devices, { seenAt, isNew: () => false, now, isWhole: false })
  expect(groups.recent.map(({ id }) => id)).toEqual(['days', 'again'])
  expect(groups.idle.map(({ id }) => id)).toEqual(['weeks'])
})

test('of many the first few are shown, and it is known how many more there are', () => {
  const devices = Array.from({ length: 61 }, (_, at) => device(String(at), at, { current: at === 60 }))
  const first = grouped(devices)
  expect(first).toEqual({ here: '60', recent: '0 1 2 3 4 5 6', idle: '', beyond: 61 - MOST_AT_FIRST })
  const { here, recent, idle } = grouped(devices, true)
  expect([here, recent, idle].join(' ').split(' ')).toHaveLength(61)
  expect(grouped(devices.slice(0, 8)).beyond).toBe(0)
})

test('what is new is never among those that are put away for being old', () => {
  const others = Array.from({ length: 20 }, (_, at) => device(String(at), 0))
  expect(grouped([...others, device('new', 20, { isNew: true })]).recent).toMatch(/^new /)
})
