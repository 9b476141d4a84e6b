import type { Clock } from '../clock.ts'

/** What was learnt last, each for a while: the oldest makes way for what is more than a process should keep. */
export interface ShortMemory<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value, forMs: number): void
  forget(key: string): void
}

const MOST_REMEMBERED = 1000

export function createShortMemory<Value>(clock: Clock): ShortMemory<Value> {
  const known = new Map<string, { value: Value; until: number }>()
  return {
    get(key) {
      const found = known.get(key)
      return found !== undefined && clock() < found.until ? found.value : undefined
    },
    set(key, value, forMs) {
      known.delete(key)
      known.set(key, { value, until: clock() + forMs })
      const [oldest] = known.keys()
      if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest)
    },
    forget: (key) => void known.delete(key),
  }
}
