/**
 * How many times as long one thing takes as another. Both take turns, and the quickest turn of each counts, so that
 * whatever else the machine does slows both alike. A test may look at durations in no other way.
 * @param turns enough to be right on a busy machine too; `until` ends them earlier
 */
export async function howManyTimesAsLong(
  one: (turn: number) => Promise<unknown>,
  other: (turn: number) => Promise<unknown>,
  turns = 5,
  until: (ratio: number) => boolean = () => false,
): Promise<number> {
  let [quickest, otherQuickest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let ratio = Number.NaN
  for (let turn = 0; turn < turns && !until(ratio); turn++) {
    quickest = Math.min(quickest, await msOf(() => one(turn)))
    otherQuickest = Math.min(otherQuickest, await msOf(() => other(turn)))
    ratio = quickest / otherQuickest
  }
  return ratio
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
