import type { WireReply } from '../driver/wire.ts'

/** What a crowd of waiting browsers has seen so far. */
export interface CrowdFigures {
  /** Logins that were begun, and those that went on until their time was over. */
  begun: number
  ended: number
  /** Those whose page may not have been told of the code that came after the one it asked with. */
  outdated: number
  /** What became of each other one; the first of them. */
  lost: number
  lostFirst: readonly string[]
  /** By what came back; `none` for no reply. */
  replies: Readonly<Record<string, number>>
  /** What the last reply told. */
  pace: { hold: number; interval: number }
}

export interface Tally {
  began(): void
  ended(): void
  outdated(): void
  lost(how: string): void
  heard(reply: WireReply | undefined): void
  figures(): CrowdFigures
}

const MOST_SHOWN = 5

export function createTally(): Tally {
  const replies: Record<string, number> = {}
  const lostFirst: string[] = []
  let [begun, ended, outdated, lost] = [0, 0, 0, 0]
  let pace = { hold: 0, interval: 0 }

  return {
    began() {
      begun++
    },
    ended() {
      ended++
    },
    outdated() {
      outdated++
    },
    lost(how) {
      lost++
      if (lostFirst.length < MOST_SHOWN) lostFirst.push(how)
    },
    heard(reply) {
      const code = reply?.body['code']
      const kind = `${reply?.status ?? 'none'}${typeof code === 'string' ? ` ${code}` : ''}`
      replies[kind] = (replies[kind] ?? 0) + 1
      const [hold, interval] = [reply?.body['hold'], reply?.body['interval']]
      if (typeof hold === 'number' && typeof interval === 'number') pace = { hold, interval }
    },
    figures: () => ({ begun, ended, outdated, lost, lostFirst, replies, pace }),
  }
}
