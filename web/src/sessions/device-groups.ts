import type { LinkedDevice } from '../wire/session-protocol.ts'

/** `here`: this very device. `recent`, `idle`: by when they were last seen. */
export const groupNames = ['here', 'recent', 'idle'] as const
export type GroupName = (typeof groupNames)[number]

export interface DeviceGroups {
  readonly groups: Readonly<Record<GroupName, readonly LinkedDevice[]>>
  /** How many more there are than the list begins with. */
  readonly beyond: number
}

export interface GroupingParts {
  /** Orders the devices of a group. It is the time as of the first look, so that no row moves under a finger. */
  readonly seenAt: (device: LinkedDevice) => number
  readonly isNew: (device: LinkedDevice) => boolean
  /** On the server's clock. */
  readonly now: number
  /** All are shown, however many. */
  readonly isWhole: boolean
}

/** So many are shown until somebody asks for all. */
export const MOST_AT_FIRST = 8
const IDLE_AFTER_MS = 7 * 86_400_000

/** The devices in the order in which people look for one: this one, then what is new, then what was used last. */
export function groupDevices(
  devices: readonly LinkedDevice[],
  { seenAt, isNew, now, isWhole }: GroupingParts,
): DeviceGroups {
  const rank = (device: LinkedDevice) => [device.current, isNew(device), seenAt(device)].map(Number)
  const ordered = devices
    .map((device) => ({ device, rank: rank(device) }))
    .sort((one, other) => compare(other.rank, one.rank))
    .map(({ device }) => device)
  const shown = isWhole ? ordered : ordered.slice(0, MOST_AT_FIRST)
  const nameOf = (device: LinkedDevice): GroupName => {
    if (device.current) return 'here'
    return !isNew(device) && now - device.lastSeenAt >= IDLE_AFTER_MS ? 'idle' : 'recent'
  }
  const inGroup = (name: GroupName) => shown.filter((device) => nameOf(device) === name)
  return {
    groups: { here: inGroup('here'), recent: inGroup('recent'), idle: inGroup('idle') },
    beyond: Math.max(0, ordered.length - MOST_AT_FIRST),
  }
}

/** By the first place in which they differ. */
function compare(one: readonly number[], other: readonly number[]): number {
  const differences = one.map((part, at) => part - (other[at] ?? 0))
  return differences.find((difference) => difference !== 0) ?? 0
}
