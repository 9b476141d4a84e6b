import type { Page } from 'playwright-core'

/**
 * Makes a page's storage throw. `SecurityError`: as with "block all site data", all storage that browsers keep from
 * such a page throws when it is first looked at. `QuotaExceededError`: the storage is full.
 */
export async function blockStorage(page: Page, how: 'SecurityError' | 'QuotaExceededError'): Promise<void> {
  await page.addInitScript((name) => {
    // No arrow: some of it is called with `new`.
    function refuse() {
      throw new DOMException('Blocked by the test', name)
    }
    if (name === 'QuotaExceededError') {
      Storage.prototype.setItem = refuse
      return
    }
    for (const storage of ['sessionStorage', 'localStorage', 'indexedDB', 'caches', 'cookieStore']) {
      Object.defineProperty(window, storage, { get: refuse })
    }
    for (const part of ['serviceWorker', 'locks', 'storage']) {
      Object.defineProperty(Navigator.prototype, part, { get: refuse })
    }
    for (const made of ['BroadcastChannel', 'SharedWorker']) Reflect.set(window, made, refuse)
  }, how)
}
