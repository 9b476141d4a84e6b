/** Runs a task for each item, in batches of `atOnce`, one after the other. Rejects as the first that does. */
export async function inBatches<Item>(
  items: readonly Item[],
  atOnce: number,
  task: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    await Promise.all(items.slice(from, from + atOnce).map(task))
  }
}
