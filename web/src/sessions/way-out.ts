import type { TabMemory } from '../page/tab-memory.ts'

/** Where a page goes that finds nobody signed in. */
export interface WayOut {
  /** Whether to go to the login page. False: this tab comes from there just now, and would go round in circles. */
  leads(): boolean
  /** Somebody is signed in here. */
  forget(): void
}

export interface WayOutParts {
  readonly memory: TabMemory
  /** Epoch milliseconds: the time in the memory may be an earlier page's. */
  readonly now: () => number
}

const KEY = 'scanin.left-home'
const JUST_NOW_MS = 15_000

/**
 * A browser may keep no cookie, or send it with the page and not with what the page asks: then signing in leads here, and
 * from here back to signing in.
 */
export function createWayOut({ memory, now }: WayOutParts): WayOut {
  return {
    leads() {
      const sinceMs = now() - Number(memory.get(KEY) ?? Number.NaN)
      const isCircle = sinceMs >= 0 && sinceMs < JUST_NOW_MS
      memory.set(KEY, String(now()))
      return !isCircle
    },
    forget: () => memory.remove(KEY),
  }
}
