import { expect, test } from '@jest/globals'
import { createShortMemory } from '../../../server/identity/short-memory.ts'

test('what was learnt is known for its time, and forgotten as a clock is set back by more than that', () => {
  let now = 1_800_000_000_000
  const memory = createShortMemory<string>(() => now)
  memory.set('a', 'refused', 10_000)
  now += 9999
  expect(memory.get('a')).toBe('refused')
  now += 1
  expect(memory.get('a')).toBeUndefined()

  memory.set('a', 'refused', 10_000)
  now -= 9999
  expect(memory.get('a')).toBe('refused')
  now -= 3_600_000
  expect(memory.get('a')).toBeUndefined()
})

test('the oldest makes way for what is more than a process should keep, and what was said anew is not old', () => {
  const memory = createShortMemory<number>(() => 0)
  for (let at = 0; at < 1000; at++) memory.set(`${at}`, at, 1000)
  memory.set('0', 0, 1000)
  memory.set('1000', 1000, 1000)
  expect(['0', '1', '2', '1000'].map(memory.get)).toEqual([0, undefined, 2, 1000])
})
