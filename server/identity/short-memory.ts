import { type Clock, isWithin } from '../clock.ts'

/** What was learnt last, each for a while: the oldest makes way for what is more than a process should keep. */
export interface ShortMemory<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value, forMs: number): void
  forget(key: string): void
}

const MOST_REMEMBERED = 1000

export function createShortMemory<Value>(clock: Clock): ShortMemory<Value> {
  const known = new Map<string, { value: Value; since: number; forMs: number }>()
  return {
    get(key) {
      const found = known.get(key)
      return found !== undefined && isWithin(found.forMs, found.since, clock()) ? found.value : undefined
    },
    set(key, value, forMs) {
      known.delete(key)
      known.set(key, { value, since: clock(), forMs })
      const [oldest] = known.keys()
      if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest)
    },
    forget: (key) => void known.delete(key),
  }
}
