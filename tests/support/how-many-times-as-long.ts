/**
 * How many times as long one thing takes as another: the quickest of several turns of each, taken by turns, so that
 * whatever else the machine does slows both alike. The only way in which a test may look at how long something takes.
 *
 * @param turns as many as show what is so on a busy machine, too; `until` ends them before
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
