/** Who waits for which key, within this process. */
export interface ChangeListeners {
  add(key: string, onChange: () => void): () => void
  tell(key: string): void
}

export function createChangeListeners(): ChangeListeners {
  /** Lists, not sets: a key has one listener or two, and the same function may wait twice. */
  const byKey = new Map<string, (() => void)[]>()

  function remove(key: string, onChange: () => void): void {
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
    tell(key) {
      for (const listener of [...(byKey.get(key) ?? [])]) listener()
    },
  }
}
