import { expect, test } from '@jest/globals'
import { createClosing } from '../../../server/login/ending.ts'
import { type HoldOptions, hold } from '../../../server/login/hold.ts'

const never = createClosing()

/** Something that changes, with its watchers in view. */
function createSubject(initial: string) {
  const watchers = new Set<() => void>()
  let value = initial
  let reads = 0
  return {
    watchers,
    reads: () => reads,
    set(next: string, { quietly = false } = {}) {
      value = next
      if (!quietly) for (const watcher of watchers) watcher()
    },
    hold(options: Partial<HoldOptions<string>> = {}) {
      return hold({
        read: async () => {
          reads++
          return value
        },
        watch: (onChange) => {
          watchers.add(onChange)
          return () => watchers.delete(onChange)
        },
        patienceFor: (seen) => (seen === 'old' ? 60_000 : 0),
        waitMs: 60_000,
        ending: never,
        ...options,
      })
    },
  }
}

/** Lets everything that is ready happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('answers at once what is new, after one read', async () => {
  const subject = createSubject('new')
  expect(await subject.hold()).toBe('new')
  expect(subject.reads()).toBe(1)
  expect(subject.watchers.size).toBe(0)
})

test('answers at once when nothing is to be waited for, and watches nothing', async () => {
  const subject = createSubject('old')
  expect(await subject.hold({ waitMs: 0 })).toBe('old')
  expect(subject.watchers.size).toBe(0)
})

test('waits for a change, reads it, and lets go of its watch', async () => {
  const subject = createSubject('old')
  const held = subject.hold()
  await settle()
  expect(subject.watchers.size).toBe(1)
  subject.set('new')
  expect(await held).toBe('new')
  expect(subject.reads()).toBe(2)
  expect(subject.watchers.size).toBe(0)
})

test('goes on waiting when a notice turns out to be no news', async () => {
  const subject = createSubject('old')
  const held = subject.hold()
  await settle()
  subject.set('old')
  await settle()
  expect(subject.watchers.size).toBe(1)
  subject.set('new')
  expect(await held).toBe('new')
})

test('ends at its time with what it knew, after one read', async () => {
  const subject = createSubject('old')
  expect(await subject.hold({ waitMs: 5 })).toBe('old')
  expect(subject.reads()).toBe(1)
  expect(subject.watchers.size).toBe(0)
})

test('ends when the patience for this value does', async () => {
  const subject = createSubject('old')
  expect(await subject.hold({ patienceFor: () => 5 })).toBe('old')
})

test('ends at once when it the process closes', async () => {
  const subject = createSubject('old')
  const closing = createClosing()
  const held = subject.hold({ ending: closing })
  await settle()
  closing.come()
  expect(await held).toBe('old')
  expect(subject.watchers.size).toBe(0)
})

test('does not wait at all when it was aborted before', async () => {
  expect(await createSubject('old').hold({ ending: { hasCome: true, onCome: () => () => undefined } })).toBe('old')
})

test('misses no change that falls between reading and waiting', async () => {
  const subject = createSubject('old')
  let isFirst = true
  const held = subject.hold({
    patienceFor: (seen) => {
      if (isFirst) subject.set('new')
      isFirst = false
      return seen === 'old' ? 60_000 : 0
    },
  })
  expect(await held).toBe('new')
})

test('lets go of its watch when a read fails', async () => {
  const subject = createSubject('old')
  const held = subject.hold({ read: () => Promise.reject(new Error('no store')) })
  await expect(held).rejects.toThrow('no store')
  expect(subject.watchers.size).toBe(0)
})
