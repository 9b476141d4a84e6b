/** How much of the heap a held connection is reckoned at: over twice what one takes. */
const HEAP_BYTES = 16 * 1024
/** Half of the heap is for all else. */
const HEAP_SHARE = 0.5
/** Files that are no clients' connections: those to the store, the log, the pages. */
const OTHER_FILES = 200
/** Beyond this a process would have more to do than time, whatever its memory and however slow its clients' pace. */
const MOST = 150_000

/**
 * How many connections a process may have open at a time.
 * @param heapBytes how large its heap may become
 * @param openFiles how many files it may have open; `undefined`: nobody knows
 */
export function mostConnections({
  heapBytes,
  openFiles,
}: {
  heapBytes: number
  openFiles: number | undefined
}): number {
  const byHeap = (heapBytes * HEAP_SHARE) / HEAP_BYTES
  const byFiles = openFiles === undefined ? MOST : openFiles - OTHER_FILES
  return Math.max(1, Math.floor(Math.min(byHeap, byFiles, MOST)))
}

/** The files that a process may have open, by Linux' `/proc/self/limits`. `undefined`: it does not say. */
export function openFilesOf(limits: string): number | undefined {
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
  return soft === undefined ? undefined : Number(soft)
}
