import { refuseExcess } from '../../http/failure-limits.ts'
import { createGuesses } from '../../http/guesses.ts'
import type { MakeLimiter } from '../../http/rate-limits.ts'
import { personKeyHash } from '../../identity/person-key.ts'
import type { QueueTally } from '../../queues.ts'
import type { Phone } from '../login.ts'

/** Wrong codes that a person may send a minute before the phone has to pause (RFC 8628 §5.1). */
const PER_PERSON = 10
/** More people than one are behind an address. */
const PER_ADDRESS = 40
const MOST_WAITING = 200

export interface CodeAttempt<Found> {
  /** That sends the code, and its address. */
  phone: Phone
  address: string
  lookUp: () => Promise<Found>
}

/**
 * Lets a code be looked up, and counts one that led nowhere: by person, by address and by the networks around it. Right
 * codes are not counted, and a person who sent no wrong one is not refused because of others at the same address.
 * Rejects as the look-up does, and with `slow_down` after too many wrong codes.
 */
export type CodeGuard = <Found>(attempt: CodeAttempt<Found>) => Promise<Found>

export function createCodeGuard(makeLimiter: MakeLimiter, tally?: QueueTally): CodeGuard {
  const { byPerson, byNetwork, inTurn, counted } = createGuesses({
    makeLimiter,
    name: 'wrong-codes',
    perPerson: PER_PERSON,
    perAddress: PER_ADDRESS,
    mostWaiting: MOST_WAITING,
    wrongCodes: ['expired_token', 'already_scanned'],
    tally,
  })

  return ({ phone, address, lookUp }) => {
    const person = personKeyHash(phone.user)
    return inTurn(person, async () => {
      const [ofPerson, around] = await Promise.all([byPerson.excess(person), byNetwork.excess(address)])
      refuseExcess(ofPerson)
      if (around.failures > 0 && (await byPerson.excess(person, 1)).failures > 0) refuseExcess(around)
      return counted(person, address, lookUp)
    })
  }
}
