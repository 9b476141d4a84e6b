/** Texts that outlive a reload of this tab, where the browser lets them; else they live as long as the page. */
export interface TabMemory {
  get(key: string): string | undefined
  set(key: string, value: string): void
  remove(key: string): void
}

/**
 * The one place that touches storage. Browsers throw on it at any time: where site data is blocked, already at looking
 * at `sessionStorage` (SecurityError); where it is full, at writing (QuotaExceededError). None of that stops a page.
 * @param storage looked up at each use, as looking may throw
 */
export function createTabMemory(storage: () => Storage): TabMemory {
  const page = new Map<string, string>()
  const stored = <T>(use: (storage: Storage) => T): T | undefined => {
    try {
      return use(storage())
    } catch {
      return undefined
    }
  }

  return {
    get: (key) => page.get(key) ?? stored((each) => each.getItem(key)) ?? undefined,
    set(key, value) {
      page.set(key, value)
      // A copy here would hide what another page of the tab stores meanwhile.
      stored((each) => {
        each.setItem(key, value)
        page.delete(key)
      })
    },
    remove(key) {
      page.delete(key)
      stored((each) => each.removeItem(key))
    },
  }
}

/** Of this tab, over reloads; where storage is blocked, of this page alone. */
export const tabMemory: TabMemory = createTabMemory(() => sessionStorage)
