/**
 * Has the browser show a page of ours when there is no connection: for whoever uses this phone to approve. A page without
 * https has no workers, and a private window may refuse: nobody relies on it.
 */
export function keepOfflinePage(navigator: Navigator): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.register('/offline-worker.js', { scope: '/scan' }).catch(() => {})
}
