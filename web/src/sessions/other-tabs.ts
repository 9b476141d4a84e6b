/** The channel's name. A message there means that somebody signed in or out in another tab of this browser. */
const SIGNED_IN = 'scanin.signed-in'

export interface OtherTabs {
  tell(): void
  /** As `tell`, unless this page has told or heard of it already. */
  tellFirst(): void
  /** @returns what stops listening */
  onNews(listener: () => void): () => void
  /** Neither tells nor hears of anything any more. */
  close(): void
}

/** Opens a channel between this browser's tabs. Where there is none, nothing is told or heard. */
export function openOtherTabs(name = SIGNED_IN): OtherTabs {
  const channel = openChannel(name)
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

/** Firefox refuses one where it keeps cookies from the page (SecurityError): each tab asks when it is looked at. */
function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name)
  } catch {
    return undefined
  }
}
