import { expect, test } from '@jest/globals'
import { createLoopUse } from '../../../server/http/loop-use.ts'
import { eventually } from '../../support/eventually.ts'

test('says how much the event loop was at work since it was last asked', async () => {
  const use = createLoopUse()
  for (const begun = performance.now(); performance.now() < begun + 30; );
  expect(use()).toBeGreaterThan(0.5)
  // Each look says what was between it and the one before.
  await eventually('it rests', () => use() < 0.5)
})
