import type { Schedule } from '../schedule.ts'

interface ProviderBreakerOptions {
  /** Whether an error of a call means that nothing can be learnt of the provider just now. */
  isTrouble: (error: unknown) => boolean
  /** The error for whoever may not ask now. */
  refusal: () => Error
  schedule: Schedule
}

/** Calls of a provider: any number while it answers, and one at a time while it does not. */
export interface ProviderBreaker {
  /** In trouble, rejects with the refusal while another call is under way. */
  ask<Result>(question: () => Promise<Result>): Promise<Result>
  /** Called where somebody waits too long for the provider: it is in trouble then. */
  noteSlow(): void
}

/** In trouble, a call that hangs keeps others from asking for this long. */
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
