import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createExpiryQueue, type Ending } from '../../../server/store/expiry-queue.ts'

interface Item extends Ending {
  id: number
}

test('whatever is added, taken out and moved, the first to end is in front', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'remove', 'move'), at: fc.nat(50), expiresAt: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = createExpiryQueue<Item>()
      const items: Item[] = []
      for (const { kind, at, expiresAt } of steps) {
        const item = items[at % Math.max(1, items.length)]
        if (kind === 'add' || item === undefined) {
          const added = { id: items.length, expiresAt, place: 0 }
          items.push(added)
          queue.add(added)
        } else if (kind === 'move') {
          item.expiresAt = expiresAt
          queue.moved(item)
        } else {
          items.splice(items.indexOf(item), 1)
          queue.remove(item)
        }
        expect(queue.first()?.expiresAt).toBe(
          items.length === 0 ? undefined : Math.min(...items.map((each) => each.expiresAt)),
        )
      }
      for (const ends = items.map((each) => each.expiresAt).sort((one, other) => one - other); ends.length > 0; ) {
        const first = queue.first()
        expect(first?.expiresAt).toBe(ends.shift())
        if (first !== undefined) queue.remove(first)
      }
      expect(queue.first()).toBeUndefined()
    }),
  )
})
