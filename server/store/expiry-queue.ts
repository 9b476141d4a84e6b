/** Something that ends. It keeps its own place in the queue, so that it can be taken out of the middle. */
export interface Ending {
  /** Epoch milliseconds. */
  expiresAt: number
  /** The queue's own. */
  place: number
}

/** Whatever ends, the first to end in front. Every step costs the logarithm of how many there are. */
export interface ExpiryQueue<Item extends Ending> {
  add(item: Item): void
  remove(item: Item): void
  /** To be called when an item's end has changed. */
  moved(item: Item): void
  first(): Item | undefined
}

/** A binary heap. */
export function createExpiryQueue<Item extends Ending>(): ExpiryQueue<Item> {
  const heap: Item[] = []

  function put(item: Item, place: number): void {
    heap[place] = item
    item.place = place
  }

  /** To the front, past whatever ends later. */
  function rise(item: Item): void {
    let place = item.place
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || parent.expiresAt <= item.expiresAt) break
      put(parent, place)
      place = above
    }
    put(item, place)
  }

  /** To the back, past whatever ends sooner. */
  function sink(item: Item): void {
    let place = item.place
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]]
      const child = right !== undefined && left !== undefined && right.expiresAt < left.expiresAt ? right : left
      if (child === undefined || child.expiresAt >= item.expiresAt) break
      const below = child.place
      put(child, place)
      place = below
    }
    put(item, place)
  }

  function sort(item: Item): void {
    rise(item)
    sink(item)
  }

  return {
    add(item) {
      item.place = heap.length
      heap.push(item)
      sort(item)
    },

    remove(item) {
      const last = heap.pop()
      if (last === undefined || last === item) return
      put(last, item.place)
      sort(last)
    },

    moved: sort,

    first: () => heap[0],
  }
}
