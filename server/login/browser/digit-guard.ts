import { refuseExcess } from '../../http/failure-limits.ts'
import { createGuesses } from '../../http/guesses.ts'
import type { MakeLimiter } from '../../http/rate-limits.ts'
import { type Person, personKeyHash } from '../../identity/person-key.ts'
import type { QueueTally } from '../../queues.ts'
import type { StoredRecord } from '../../store/record-store.ts'

/**
 * Wrong digits a minute, in logins of one person, before one that has had a wrong try itself is made to pause: more than
 * ten logins, each of which that person has scanned and confirmed.
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
 * and by the networks around it. The first try of every login is run, whatever others have typed; a login by itself has
 * five at the most. Rejects as the try does, and with `slow_down` after too many wrong ones: the try is not used up then.
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
    // Before anybody waits: whoever has only seen the code, and with it the login's id, stands in no way.
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
