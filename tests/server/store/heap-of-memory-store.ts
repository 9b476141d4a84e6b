import { createMemoryStore } from '../../../server/store/memory-store.ts'

/** `node --expose-gc … <text> <maxBytes>`: says which part of its bound a store that is full of such records takes of the heap. */

const [, , text, bound] = process.argv
const maxBytes = Number(bound)
const store = createMemoryStore({ clock: () => 0, maxBytes })
const before = liveHeapBytes()
const isWritten = (at: number) =>
  store.write(`key of ${at}`, { text, at }, { expiresAt: Date.now() }).catch(() => false)
let records = 0
while (await isWritten(records)) records++
const grown = liveHeapBytes() - before
if ((await store.read(`key of ${records - 1}`)) === undefined) throw new Error('the store has not kept what it took')
console.log(grown / maxBytes)

function liveHeapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
