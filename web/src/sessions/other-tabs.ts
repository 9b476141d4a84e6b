/** Between the tabs of this browser: whatever comes means that somebody was signed in or out in one of them. */
const CHANNEL = 'scanin.signed-in'

export interface OtherTabs {
  tell(): void
  /** As `tell`, unless this page has told or heard of it already. */
  tellFirst(): void
  /** @returns what stops listening */
  onNews(listener: () => void): () => void
  /** Neither tells nor hears of anything any more. */
  close(): void
}

/** Opens the channel between this browser's tabs. Where there is none, nothing is told or heard. */
export function openOtherTabs(): OtherTabs {
  const channel = openChannel()
  let isKnown = false
  channel?.addEventListener('message', () => {
    isKnown = true
  })
  const tell = () => {
    isKnown = true
    channel?.postMessage('')
  }
  return {
    tell,
    tellFirst: () => {
      if (!isKnown) tell()
    },
    onNews(listener) {
      channel?.addEventListener('message', listener)
      return () => channel?.removeEventListener('message', listener)
    },
    close: () => channel?.close(),
  }
}

/** Firefox has none where it keeps cookies from the page (SecurityError): each tab then learns it by itself, once it is looked at. */
function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(CHANNEL)
  } catch {
    return undefined
  }
}
