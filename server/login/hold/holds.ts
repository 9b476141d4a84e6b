import type { Clock } from '../../clock.ts'
import { type Closing, createClosing } from './closing.ts'
import { type HoldTally, holdTally } from './hold.ts'
import type { Pace } from './pace-wire.ts'
import { createPollingClients, type PollingClients } from './polling-clients.ts'

/** How replies are held and how fast polls may come, the same for a browser's and a phone's. */
export interface Holds {
  /** What every reply to a poll tells its client to keep to. */
  pace: Pace
  /** Who polls, and how fast. */
  clients: PollingClients
  /** Its coming answers every held poll at once. */
  closing: Closing
  /** Of the polls of browsers and of phones. */
  tallies: { browser: HoldTally; phone: HoldTally }
}

/** @param pace in whole seconds; `hold: 0` turns holding off */
export function createHolds({ clock, pace }: { clock: Clock; pace: Pace }): Holds {
  return {
    pace,
    clients: createPollingClients({ clock, intervalSeconds: pace.interval }),
    closing: createClosing(),
    tallies: { browser: holdTally(), phone: holdTally() },
  }
}
