import { expect, test } from '@jest/globals'
import { countRead } from '../../../support/scene-reader.ts'

/** A few of the pictures behind docs/scanning.md, in smaller frames: no change may leave them unread. */

const CONDITIONS = [
  ...['80 px wide', '120 px wide', 'tilted back 40°', 'tilted back 50°', 'tilted sideways 50°', 'turned 45°'],
  ...['all three axes 25°', 'all three axes 35°', 'blur 3 px', 'blur 4 px', 'moved 10 px'],
  ...['glare over a quarter, 80 %', 'dark, a 16th of the light', 'dark, a 32th of the light', 'noise 60'],
  ...['washed out, a tenth of the contrast', 'inverted, tilted 40°', 'dense clutter around it'],
]
const EACH = 2
const SIZE = { width: 640, height: 480 }

test('codes are read small, aside, turned, blurred, in glare, in the dark, inverted and among what looks like them', async () => {
  const read = new Map<string, number>()
  for (const name of CONDITIONS) read.set(name, await countRead(name, EACH, SIZE))
  const missed = [...read].filter(([, count]) => count === 0).map(([name]) => name)
  expect(missed).toEqual([])
  const all = [...read.values()].reduce((sum, count) => sum + count)
  // All of them as this was written.
  expect(all).toBeGreaterThanOrEqual(CONDITIONS.length * EACH - 3)
})
