import { RETRY_PAUSES_MS, type Schedule, scheduleByTimer } from '../schedule.ts'

/** What is left to do about writes that the store did not answer. Nobody waits for it. */
export interface FollowUps {
  /** Whether something is left to do by this name. */
  has(name: string): boolean
  /**
   * Tries after a second, then later and later, until `attempt` says that it is done or the tries are used up. A
   * rejection counts as not done. Does nothing while something is left to do by this name.
   * @param onDone called where it was not dropped meanwhile
   */
  begin(name: string, attempt: () => Promise<boolean>, onDone?: () => void): void
  /** Gives it up: it was done otherwise. */
  drop(name: string): void
}

/** That takes some MB. More is not begun. */
const MOST = 10_000

/** Begins with nothing to do. What is left is known to this process alone, and is lost when the process ends. */
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
