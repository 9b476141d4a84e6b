import { describe, expect, test } from '@jest/globals'
import { createTabMemory } from '../../../web/src/page/tab-memory.ts'

const refuse = (name: string) => () => {
  throw new DOMException('Not here', name)
}

/** A tab's storage, as far as it is used. */
function createStorage(broken: Partial<Storage> = {}) {
  const items = new Map<string, string>()
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    ...broken,
  }
  return { items, storage: storage as unknown as Storage }
}

describe('what a tab remembers', () => {
  test('outlives the page where there is storage', () => {
    const { storage } = createStorage()
    createTabMemory(() => storage).set('a', '1')
    const next = createTabMemory(() => storage)
    expect(next.get('a')).toBe('1')
    next.remove('a')
    expect(createTabMemory(() => storage).get('a')).toBeUndefined()
  })

  test('is what a page of the tab has put down last, also for one that had put down something before', () => {
    const { storage } = createStorage()
    const [resting, next] = [createTabMemory(() => storage), createTabMemory(() => storage)]
    resting.set('a', '1')
    next.set('a', '2')
    expect(resting.get('a')).toBe('2')
  })

  test('is the newer one where there is no room for it', () => {
    const { items, storage } = createStorage()
    const memory = createTabMemory(() => storage)
    memory.set('a', '1')
    storage.setItem = refuse('QuotaExceededError')
    memory.set('a', '2')
    expect([items.get('a'), memory.get('a')]).toEqual(['1', '2'])
  })

  test.each([
    ['looking at it throws', refuse('SecurityError') as () => Storage],
    ['writing throws', () => createStorage({ setItem: refuse('QuotaExceededError') }).storage],
    [
      'everything throws',
      () => createStorage({ getItem: refuse('A'), setItem: refuse('B'), removeItem: refuse('C') }).storage,
    ],
    ['there is none', () => null as unknown as Storage],
  ])('lives as long as the page where %s', (_how, storage) => {
    const memory = createTabMemory(storage)
    expect(memory.get('a')).toBeUndefined()
    memory.set('a', '1')
    expect(memory.get('a')).toBe('1')
    memory.remove('a')
    expect(memory.get('a')).toBeUndefined()
  })
})
