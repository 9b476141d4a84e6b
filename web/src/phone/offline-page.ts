import { tag } from '#messages/tag'

/**
 * Has the browser show a page of ours when there is no connection, in this page's language, to those who approve by
 * this phone. Nothing relies on it: without https there are no workers, and a private window may refuse them.
 */
export async function keepOfflinePage(navigator: Navigator): Promise<void> {
  try {
    const { active } = await navigator.serviceWorker.register('/offline-worker.js', { scope: '/scan' })
    active?.postMessage(tag)
  } catch {
    // The browser's own page says the same.
  }
}
