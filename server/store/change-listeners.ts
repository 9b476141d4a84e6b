/** Who waits for which key, within this process. */
export interface ChangeListeners {
  add(key: string, onChange: () => void): () => void
  tell(key: string): void
}

export function createChangeListeners(): ChangeListeners {
  const byKey = new Map<string, Set<() => void>>()
  return {
    add(key, onChange) {
      // A fresh closure each time, so that the same function may wait twice.
      const listener = () => onChange()
      const listeners = byKey.get(key) ?? new Set()
      byKey.set(key, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && byKey.get(key) === listeners) byKey.delete(key)
      }
    },
    tell(key) {
      for (const listener of [...(byKey.get(key) ?? [])]) listener()
    },
  }
}
