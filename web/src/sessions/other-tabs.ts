/** Between the tabs of this browser: whatever comes means that somebody was signed in or out in one of them. */
const CHANNEL = 'scanin.signed-in'

export interface OtherTabs {
  tell(): void
  /** @returns what stops listening */
  onNews(listener: () => void): () => void
}

export function openOtherTabs(): OtherTabs {
  const channel = new BroadcastChannel(CHANNEL)
  return {
    tell: () => channel.postMessage(''),
    onNews(listener) {
      channel.addEventListener('message', listener)
      return () => channel.removeEventListener('message', listener)
    },
  }
}
