import type { Clock } from '../../clock.ts'
import type { Pressure } from '../../http/pressure.ts'
import { type Closing, createClosing } from './closing.ts'
import { type HoldTally, holdTally } from './hold.ts'
import type { Pace } from './pace-wire.ts'
import { createPaces, type Paces } from './paces.ts'
import { createPollingClients, type PollingClients } from './polling-clients.ts'

/** How replies are held and how fast polls may come, the same for a browser's and a phone's. */
export interface Holds {
  /** What every reply to a poll tells its client to keep to. */
  paces: Paces
  /** Who polls, and how fast. */
  clients: PollingClients
  /** Its coming answers every held poll at once. */
  closing: Closing
  /** Of the polls of browsers and of phones. */
  tallies: { browser: HoldTally; phone: HoldTally }
}

export interface HoldsOptions {
  clock: Clock
  /** As configured, in whole seconds; `hold: 0` turns holding off. */
  pace: Pace
  /** What makes it slower. */
  pressure: Pick<Pressure, 'poll'>
}

export function createHolds({ clock, pace, pressure }: HoldsOptions): Holds {
  const paces = createPaces(pace, { pressure, random: Math.random })
  return {
    paces,
    clients: createPollingClients({ clock, paces }),
    closing: createClosing(),
    tallies: { browser: holdTally(), phone: holdTally() },
  }
}
