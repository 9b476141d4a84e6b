/** Does a task for each, so many at once and the next ones after those. Rejects as the first that does. */
export async function inBatches<Item>(
  items: readonly Item[],
  atOnce: number,
  task: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    await Promise.all(items.slice(from, from + atOnce).map(task))
  }
}
