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
  /** Which browsers renew their codes, and how fast: at the pace of polls, or at that of renewals if it is faster. */
  renewing: PollingClients
  /** Its coming answers every held poll at once. */
  closing: Closing
  /** Of the polls of browsers and of phones. */
  tallies: { browser: HoldTally; phone: HoldTally }
}

interface HoldsOptions {
  clock: Clock
  /** As configured, in whole seconds; `hold: 0` turns holding off. */
  pace: Pace
  /** How often a page is to renew its code, in seconds. */
  refresh: number
  /** What makes it slower. */
  pressure: Pick<Pressure, 'poll'>
}

/** Opens the holding of polls at the configured pace, which pressure slows. */
export function createHolds({ clock, pace, refresh, pressure }: HoldsOptions): Holds {
  const paces = createPaces(pace, { pressure, random: Math.random })
  const renewals: Pick<Paces, 'current' | 'polled'> = {
    get current() {
      return { ...paces.current, interval: Math.min(paces.current.interval, refresh) }
    },
    polled: paces.polled,
  }
  return {
    paces,
    clients: createPollingClients({ clock, paces }),
    renewing: createPollingClients({ clock, paces: renewals }),
    closing: createClosing(),
    tallies: { browser: holdTally(), phone: holdTally() },
  }
}
