import { expect, test } from '@jest/globals'
import { comeBack } from '../../../web/src/page/coming-back.ts'
import { createTabMemory } from '../../../web/src/page/tab-memory.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const noStorage = () => {
  throw new DOMException('Not here', 'SecurityError')
}

/** A tab in which the page for trouble is loaded again and again. */
function createTab() {
  const memory = createTabMemory(noStorage)
  return {
    /** Loads it once, at `today` (epoch ms), and says the pause in whole seconds that it begins with. */
    async load(today: number): Promise<number | undefined> {
      const clock = createFakeClock()
      const left: number[] = []
      const page = Object.assign(new EventTarget(), { hidden: false })
      const back = comeBack({
        clock,
        random: () => 0,
        today: () => today,
        memory,
        page,
        window: new EventTarget(),
        ask: () => Promise.resolve(true),
        onSecond: (seconds) => left.push(seconds),
        goBack: () => undefined,
      })
      await clock.pass(60_000)
      await back
      return left[0]
    },
  }
}

test('a page that fails although the service answers comes back after longer and longer pauses', async () => {
  const tab = createTab()
  const pauses = [await tab.load(1000), await tab.load(3000), await tab.load(7000), await tab.load(15_000)]
  expect(pauses).toEqual([2, 4, 8, 16])
})

test('a clock set back between two loads leads nobody round in circles', async () => {
  const tab = createTab()
  const pauses = [await tab.load(60_000), await tab.load(59_700), await tab.load(1000)]
  expect(pauses).toEqual([2, 4, 8])
})

test('trouble of long ago is no trouble of now', async () => {
  const tab = createTab()
  expect([await tab.load(0), await tab.load(120_000), await tab.load(500_000)]).toEqual([2, 2, 2])
})
