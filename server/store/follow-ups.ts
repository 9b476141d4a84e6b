import { RETRY_PAUSES_MS, type Schedule, scheduleByTimer } from '../schedule.ts'

/** What is left to do about writes that the store did not answer. Nobody waits for it. */
export interface FollowUps {
  /** Whether something is left to do by this name. */
  has(name: string): boolean
  /**
   * Tries after a second, then later and later, until `attempt` says that it is done or there was time enough. One that rejects
   * is not. Nothing is begun by a name that something is left to do by.
   * @param onDone called where it was not dropped meanwhile
   */
  begin(name: string, attempt: () => Promise<boolean>, onDone?: () => void): void
  /** It is done otherwise. */
  drop(name: string): void
}

/** Some MB. What is more is left as it is. */
const MOST = 10_000

/** Begins with nothing to do. It is of this process alone, and what is left at its end is not done. */
export function createFollowUps(schedule: Schedule = scheduleByTimer): FollowUps {
  const left = new Map<string, { forget: () => void }>()

  function later(name: string, attempt: () => Promise<boolean>, onDone: () => void, tries: number): void {
    const pause = RETRY_PAUSES_MS[tries]
    if (pause === undefined) return
    const one = { forget: schedule(pause, () => void attemptOnce()) }
    left.set(name, one)

    async function attemptOnce(): Promise<void> {
      const isDone = await attempt().catch(() => false)
      if (left.get(name) !== one) return
      left.delete(name)
      if (isDone) onDone()
      else later(name, attempt, onDone, tries + 1)
    }
  }

  return {
    has: (name) => left.has(name),
    begin(name, attempt, onDone = () => undefined) {
      if (!left.has(name) && left.size < MOST) later(name, attempt, onDone, 0)
    },
    drop(name) {
      left.get(name)?.forget()
      left.delete(name)
    },
  }
}
