import type { WakeSource } from '../../../web/src/poll/page-wake.ts'
import { settle } from './fake-clock.ts'

export interface FakeWake extends WakeSource {
  wake(): Promise<void>
  listeners(): number
}

export function createFakeWake(): FakeWake {
  const listeners = new Set<() => void>()
  return {
    onWake(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async wake() {
      for (const listener of [...listeners]) listener()
      await settle()
    },
    listeners: () => listeners.size,
  }
}
