import type { OnChange, StoredRecord } from './record-store.ts'

/** Who waits for which key, within this process. */
export interface ChangeListeners {
  add(key: string, onChange: OnChange): () => void
  tell(key: string, record?: StoredRecord): void
}

export function createChangeListeners(): ChangeListeners {
  /** Lists, not sets: a key has one listener or two, and the same function may wait twice. */
  const byKey = new Map<string, OnChange[]>()

  function remove(key: string, onChange: OnChange): void {
    const listeners = byKey.get(key) ?? []
    const at = listeners.indexOf(onChange)
    if (at === -1) return
    if (listeners.length === 1) byKey.delete(key)
    else listeners.splice(at, 1)
  }

  return {
    add(key, onChange) {
      const listeners = byKey.get(key)
      if (listeners === undefined) byKey.set(key, [onChange])
      else listeners.push(onChange)
      let isListening = true
      return () => {
        if (isListening) remove(key, onChange)
        isListening = false
      }
    },
    tell(key, record) {
      for (const listener of [...(byKey.get(key) ?? [])]) listener(record)
    },
  }
}
