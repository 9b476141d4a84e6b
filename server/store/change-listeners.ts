import type { OnChange, StoredRecord, Version } from './record-store.ts'

/** Who waits for which key, within this process. */
export interface ChangeListeners {
  add(key: string, onChange: OnChange): () => void
  /** Whether anybody waits for it. */
  has(key: string): boolean
  /** @param record what was written; a second notice of the same in a row is not passed on. Left out: it was removed */
  tell(key: string, record?: StoredRecord): void
  /** Notices may have been lost, of anything: everybody has to look. */
  tellAll(): void
}

interface Listened {
  /** A list, not a set: a key has one listener or two, and the same function may wait twice. */
  listeners: OnChange[]
  toldVersion: Version | undefined
}

export function createChangeListeners(): ChangeListeners {
  const byKey = new Map<string, Listened>()

  function remove(key: string, onChange: OnChange): void {
    const { listeners = [] } = byKey.get(key) ?? {}
    const at = listeners.indexOf(onChange)
    if (at === -1) return
    if (listeners.length === 1) byKey.delete(key)
    else listeners.splice(at, 1)
  }

  return {
    add(key, onChange) {
      const listened = byKey.get(key)
      if (listened === undefined) byKey.set(key, { listeners: [onChange], toldVersion: undefined })
      else listened.listeners.push(onChange)
      let isListening = true
      return () => {
        if (isListening) remove(key, onChange)
        isListening = false
      }
    },
    has: (key) => byKey.has(key),
    tell(key, record) {
      const listened = byKey.get(key)
      if (listened === undefined || (record !== undefined && record.version === listened.toldVersion)) return
      listened.toldVersion = record?.version
      for (const listener of [...listened.listeners]) listener(record)
    },
    tellAll() {
      for (const { listeners } of [...byKey.values()]) for (const listener of [...listeners]) listener()
    },
  }
}
