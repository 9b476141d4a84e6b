import type { TabMemory } from '../page/tab-memory.ts'
import { tokenOfFragment } from '../wire/scan-link.ts'
import type { Decision } from './approval-end.ts'

/** The code that this tab is about. */
export interface PendingToken {
  token(): string | undefined
  keep(token: string): void
  /** This phone has scanned it, as this person: the address no longer has to carry it. */
  scanned(token: string, person: string): void
  /** Says who is here now: forgets a code that another person has scanned here. One in the address is anybody's. */
  belongTo(person: string): void
  /** The person's last decision on this code in this tab that may have reached the service. */
  decision(token: string): Decision | undefined
  decided(token: string, decision: Decision): void
  forget(): void
}

export interface PendingTokenParts {
  readonly memory: TabMemory
  readonly address: Pick<Location, 'hash' | 'pathname' | 'search'>
  readonly history: Pick<History, 'state' | 'replaceState'>
}

// The public half alone: it is what the QR says, and it is gone with the tab.
const KEY = 'scanin.pending-token'
const PERSON_KEY = 'scanin.pending-person'
const DECISION_KEYS = { confirm: 'scanin.confirmed-token', deny: 'scanin.refused-token' } as const
const DECISIONS = ['confirm', 'deny'] as const

/**
 * Keeps the code through a reload and a sign-in (it was lost there in VortXTV/VortX#153). The address keeps it too until
 * this phone has scanned it or is done with it: an app's own browser has an "open in browser" that hands on the address
 * and nothing else. A code that was scanned is no good to others, and is out of the address and the history.
 */
export function createPendingToken({ memory, address, history }: PendingTokenParts): PendingToken {
  const inAddress = () => tokenOfFragment(address.hash)
  const clearAddress = () => {
    if (address.hash !== '') history.replaceState(history.state, '', address.pathname + address.search)
  }
  const forgetDecision = () => {
    for (const decision of DECISIONS) memory.remove(DECISION_KEYS[decision])
  }
  const forgetKept = () => {
    memory.remove(KEY)
    memory.remove(PERSON_KEY)
    forgetDecision()
  }

  return {
    token: () => inAddress() ?? tokenOfFragment(memory.get(KEY) ?? ''),
    keep(token) {
      if (inAddress() !== token) clearAddress()
      // The person who scanned the code before has not scanned this one.
      if (memory.get(KEY) !== token) memory.remove(PERSON_KEY)
      memory.set(KEY, token)
    },
    scanned(token, person) {
      clearAddress()
      memory.set(KEY, token)
      memory.set(PERSON_KEY, person)
    },
    belongTo(person) {
      if ((memory.get(PERSON_KEY) ?? person) === person) return
      // The way to the provider and back has put the code into the address again.
      if (inAddress() === memory.get(KEY)) clearAddress()
      forgetKept()
    },
    decision: (token) => DECISIONS.find((decision) => memory.get(DECISION_KEYS[decision]) === token),
    decided(token, decision) {
      forgetDecision()
      memory.set(DECISION_KEYS[decision], token)
    },
    forget() {
      clearAddress()
      forgetKept()
    },
  }
}
