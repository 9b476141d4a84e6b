import { type ErrorCode, hasCode, ScanInError } from '../errors.ts'
import { createQueues, type Queues, type QueueTally } from '../queues.ts'
import { createFailureLimit, createNetworkFailures, type FailureLimit, type NetworkFailures } from './failure-limits.ts'
import type { MakeLimiter } from './rate-limits.ts'

interface GuessesOptions {
  makeLimiter: MakeLimiter
  /** What the counts are called. */
  name: string
  /** Wrong ones a minute. */
  perPerson: number
  perAddress: number
  /** Tries of one line that wait at the most. */
  mostWaiting: number
  /** The errors of a wrong guess. Others, such as that of a store that is away, count as nobody's guess. */
  wrongCodes: readonly ErrorCode[]
  /** Of the lines. */
  tally?: QueueTally | undefined
}

/** Tries at something that can be guessed. The caller decides how many wrong ones are too many. */
export interface Guesses {
  byPerson: FailureLimit
  byNetwork: NetworkFailures
  /** One at a time: of many at once, each wrong one is counted before the next. `overloaded`: too many wait. */
  inTurn: Queues
  /** Runs a try, and counts it by both where it was wrong. Rejects as the try does. */
  counted<Outcome>(person: string, address: string, run: () => Promise<Outcome>): Promise<Outcome>
}

/** Opens the counts of one kind of guess, which all instances share, and its lines, which each has for itself. */
export function createGuesses(options: GuessesOptions): Guesses {
  const { makeLimiter, name, perPerson, perAddress, mostWaiting, wrongCodes, tally } = options
  const byPerson = createFailureLimit(makeLimiter, name, perPerson)
  const byNetwork = createNetworkFailures(makeLimiter, `${name}-from`, perAddress)
  const refusal = () => new ScanInError('overloaded')

  return {
    byPerson,
    byNetwork,
    inTurn: createQueues({ atOnce: 1, mostWaiting, refusal, tally }),
    async counted(person, address, run) {
      try {
        return await run()
      } catch (error) {
        if (hasCode(error, ...wrongCodes)) {
          await Promise.all([byPerson.count(person), byNetwork.count(address)])
        }
        throw error
      }
    },
  }
}
