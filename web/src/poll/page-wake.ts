/** Tells when the page is worth asking for again. `onWake` answers with a function that stops listening. */
export interface WakeSource {
  onWake(listener: () => void): () => void
}

/**
 * The moments when a page comes back: shown, focused, restored from the back/forward cache, online again.
 * Browsers slow the timers of a hidden tab to one a minute, so a page that only waits is late (descope/descope-js#828).
 */
export const pageWake: WakeSource = {
  onWake(listener) {
    const whenShown = () => {
      if (!document.hidden) listener()
    }
    const listening = new AbortController()
    const { signal } = listening
    document.addEventListener('visibilitychange', whenShown, { signal })
    for (const name of ['focus', 'pageshow', 'online']) window.addEventListener(name, listener, { signal })
    return () => listening.abort()
  },
}
