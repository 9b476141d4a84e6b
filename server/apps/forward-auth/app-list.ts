import type { User } from '../../identity/identity.ts'

/** An application that people are let into. */
export interface App {
  /** Scheme, host and port: one to one with the cookie that lets somebody in. */
  origin: string
  /** What people see. */
  name: string
  /** Who may enter: members of any of these, and these by their ids. Both left out: everybody. */
  groups?: readonly string[]
  users?: readonly string[]
}

/** The applications of now. */
export interface AppList {
  find(origin: string): App | undefined
  replace(apps: readonly App[]): void
  /** How often the list was replaced: who has warned about one list begins anew with another. */
  version(): number
}

export function createAppList(first: readonly App[] = []): AppList {
  let byOrigin = mapOf(first)
  let version = 0
  return {
    find: (origin) => byOrigin.get(origin),
    replace(apps) {
      byOrigin = mapOf(apps)
      version++
    },
    version: () => version,
  }
}

/** Whether somebody may enter, by their groups of now. */
export function mayEnterApp({ groups, users }: App, person: User): boolean {
  if (groups === undefined && users === undefined) return true
  const isMember = groups?.some((group) => person.groups?.includes(group)) ?? false
  return isMember || (users?.includes(person.id) ?? false)
}

function mapOf(apps: readonly App[]): ReadonlyMap<string, App> {
  return new Map(apps.map((app) => [app.origin, app]))
}
