import { refuseExcess } from '../../http/failure-limits.ts'
import { createGuesses } from '../../http/guesses.ts'
import type { MakeLimiter } from '../../http/rate-limits.ts'
import { type Person, personKeyHash } from '../../identity/person-key.ts'
import type { QueueTally } from '../../queues.ts'
import type { StoredRecord } from '../../store/record-store.ts'

/**
 * Wrong digits a minute, over all logins of one person, before a login that itself had a wrong try has to pause: at
 * five tries each that takes more than ten logins, all scanned and confirmed by that person.
 */
const PER_PERSON = 50
/** More people than one are behind an address. */
const PER_ADDRESS = 100
const MOST_WAITING = 50

/** A login that waits for digits. */
export interface Matching {
  /** Whose phone shows them. */
  person: Person
  /** Whether wrong ones were typed already. */
  hasFailed: boolean
  /** What it was found in. */
  record: StoredRecord
}

export interface DigitAttempt<Outcome> {
  loginId: string
  /** The browser's. */
  address: string
  /** Looks the login up. `undefined`: it waits for no digits, or is not this browser's. */
  find: () => Promise<Matching | undefined>
  /** @param found what `find` has found just now */
  run: (found: Matching | undefined) => Promise<Outcome>
}

/**
 * Lets the digits of a login be tried, and counts wrong ones: by the person who is signing in, by the browser's address
 * and by the networks around it. The first try of every login runs, whatever others have typed. Rejects as the try
 * does; after too many wrong digits with `slow_down`, which uses up none of a login's five tries.
 */
export type DigitGuard = <Outcome>(attempt: DigitAttempt<Outcome>) => Promise<Outcome>

export function createDigitGuard(makeLimiter: MakeLimiter, tally?: QueueTally): DigitGuard {
  const { byPerson, byNetwork, inTurn, counted } = createGuesses({
    makeLimiter,
    name: 'wrong-digits',
    perPerson: PER_PERSON,
    perAddress: PER_ADDRESS,
    mostWaiting: MOST_WAITING,
    wrongCodes: ['wrong_match_code'],
    tally,
  })

  async function refuseExcessOf(person: string, address: string): Promise<void> {
    const found = await Promise.all([byPerson.excess(person), byNetwork.excess(address)])
    for (const excess of found) refuseExcess(excess)
  }

  return async ({ loginId, address, find, run }) => {
    // Before the queue: somebody who has only seen the code, and so knows the login's id, must not take a place in it.
    const matching = await find()
    if (matching === undefined) return run(undefined)
    const person = personKeyHash(matching.person)
    return inTurn(loginId, async (hasWaited) => {
      const found = hasWaited ? await find() : matching
      if (found?.hasFailed) await refuseExcessOf(person, address)
      return counted(person, address, () => run(found))
    })
  }
}
