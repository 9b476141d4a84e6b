import { hashSecret } from '../hashes.ts'
import { addressBlock } from '../http/client-address.ts'
import type { User } from '../identity/identity.ts'
import { foldId } from '../identity/names.ts'
import { giveUpTime } from '../queues.ts'

/** A password that is to be tried. */
export interface SignInAttempt {
  username: string
  /** The client's. */
  address: string
  /** Checks the password; `undefined`: wrong. Costs a hash. */
  verify: () => Promise<User | undefined>
  /** Asks the store whether its person is blocked, and a right password refused. Runs beside the hash, in no line. */
  isOut: () => Promise<boolean>
}

/** With where it counts, and where and how long it stands in line. */
export interface PlacedAttempt extends SignInAttempt {
  /**
   * The hash of its name as accounts are told apart, so that all spellings of one name share a count; also of names
   * that no account can have.
   */
  account: string
  /** A hash of the account and its address, or /64. */
  pair: string
  /** An IPv4 address, or the widest network that failures are counted by. */
  site: string
  /** As `performance.now()` tells the time. */
  cameAt: number
  giveUpAt: number
}

const SITE_PREFIX = 48

export function placedAttempt(attempt: SignInAttempt): PlacedAttempt {
  const { username, address } = attempt
  const account = hashSecret(foldId(username))
  return {
    ...attempt,
    account,
    pair: hashSecret(`${account} ${addressBlock(address)}`),
    site: addressBlock(address, SITE_PREFIX),
    cameAt: performance.now(),
    giveUpAt: giveUpTime(),
  }
}
