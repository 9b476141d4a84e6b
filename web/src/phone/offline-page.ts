import { tag } from '#messages/tag'

/**
 * Has the browser show a page of ours when there is no connection, in the language of this one: for whoever uses this phone to approve. Without https
 * there are no workers, and a private window may refuse in one way or another: nobody relies on it.
 */
export async function keepOfflinePage(navigator: Navigator): Promise<void> {
  try {
    const { active } = await navigator.serviceWorker.register('/offline-worker.js', { scope: '/scan' })
    active?.postMessage(tag)
  } catch {
    // The browser's own page says it too.
  }
}
