import type { Schedule } from '../schedule.ts'

interface ProviderBreakerOptions {
  /** Of what went wrong with a call: that nothing can be learnt of the provider just now. */
  isTrouble: (error: unknown) => boolean
  /** What who may not ask now is told. */
  refusal: () => Error
  schedule: Schedule
}

/** Calls of a provider: any number while it answers, and one at a time while it does not. */
export interface ProviderBreaker {
  /** Rejects with the refusal where somebody else is at it. */
  ask<Result>(question: () => Promise<Result>): Promise<Result>
  /** It lets somebody wait for too long. */
  noteSlow(): void
}

/** Who waits for one that hangs keeps the others from trying for so long. */
const HANGS_AFTER_MS = 10_000

export function createProviderBreaker({ isTrouble, refusal, schedule }: ProviderBreakerOptions): ProviderBreaker {
  let isInTrouble = false
  /** The one that keeps others from asking, in trouble. */
  let latest: object | undefined

  return {
    noteSlow() {
      isInTrouble = true
    },

    async ask(question) {
      if (isInTrouble && latest !== undefined) throw refusal()
      const mine = {}
      latest = mine
      const leave = () => {
        if (latest === mine) latest = undefined
      }
      const forget = schedule(HANGS_AFTER_MS, leave)
      try {
        const result = await question()
        isInTrouble = false
        return result
      } catch (error) {
        isInTrouble = isTrouble(error)
        throw error
      } finally {
        forget()
        leave()
      }
    },
  }
}
