/**
 * Has the browser show a page of ours when there is no connection: for whoever uses this phone to approve. Without https
 * there are no workers, and a private window may refuse in one way or another: nobody relies on it.
 */
export async function keepOfflinePage(navigator: Navigator): Promise<void> {
  try {
    await navigator.serviceWorker.register('/offline-worker.js', { scope: '/scan' })
  } catch {
    // The browser's own page says it too.
  }
}
