/** A process of its own, beside the driver's: browsers that wait. Told by `crowd.ts` what to do, and tells what it sees. */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWire } from '../driver/wire.ts'
import { createRandom, seedOf } from '../random.ts'
import type { CrowdOrder } from './crowd.ts'
import { createTally } from './tally.ts'
import { waitForNobody } from './waiting-browser.ts'

/** Longer than a reply is held. The page's own deadline comes first. */
const REPLY_PATIENCE_MS = 60_000
const TELL_EVERY_MS = 500

process.once('message', (order: CrowdOrder) => void gather(order))
// The driver is gone: nobody is left to be told.
process.once('disconnect', () => process.exit(1))

async function gather({ instances, publicUrl, browsers, arriveOverMs, seed }: CrowdOrder): Promise<void> {
  const closed = new AbortController()
  setMaxListeners(0, closed.signal)
  const tally = createTally()
  const service = { wire: createWire({ patienceMs: REPLY_PATIENCE_MS }), instances, publicUrl }
  const telling = setInterval(() => process.send?.(tally.figures()), TELL_EVERY_MS)
  process.once('message', () => closed.abort())

  const waiting: Promise<void>[] = []
  for (let at = 0; at < browsers && !closed.signal.aborted; at++) {
    // On a slow machine this takes longer: if the late ones did not wait, they would all come at once.
    await sleep(arriveOverMs / browsers)
    waiting.push(
      waitForNobody({
        ...{ service, tally, signal: closed.signal },
        address: `100.64.${at >> 8}.${at & 255}`,
        random: createRandom(seedOf(seed, at)),
      }),
    )
  }
  await Promise.all(waiting)
  clearInterval(telling)
  service.wire.close()
  process.send?.(tally.figures(), () => process.exit(0))
}
