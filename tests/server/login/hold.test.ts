import { EventEmitter } from 'node:events'
import { expect, test } from '@jest/globals'
import { createClosing } from '../../../server/login/closing.ts'
import { createHold, type HoldOptions, type HoldRequest } from '../../../server/login/hold.ts'

/** Who waits, and can hang up. */
class TestClient extends EventEmitter {
  destroyed = false
  hangUp() {
    this.destroyed = true
    this.emit('close')
  }
}

/** Something that changes, with its watchers in view. */
function createSubject(initial: string) {
  const watchers = new Set<(news?: string) => void>()
  let value = initial
  let reads = 0
  return {
    watchers,
    reads: () => reads,
    set(next: string, { quietly = false } = {}) {
      value = next
      if (!quietly) for (const watcher of watchers) watcher()
    },
    /** A notice that says what is there now, or was when it was sent. */
    tell(news: string) {
      for (const watcher of watchers) watcher(news)
    },
    hold({
      waitMs = 60_000,
      client = new TestClient(),
      ...options
    }: Partial<HoldOptions<void, string> & HoldRequest> = {}) {
      const hold = createHold<void, string>({
        read: async () => {
          reads++
          return value
        },
        watch: (_subject, onChange) => {
          watchers.add(onChange)
          return () => watchers.delete(onChange)
        },
        patienceFor: (value, seen) => (value === seen ? 60_000 : 0),
        closing: createClosing(),
        ...options,
      })
      return hold(undefined, { seen: 'old', waitMs, client })
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

test('answers with what the notice says, without another read', async () => {
  const subject = createSubject('old')
  const held = subject.hold()
  await settle()
  subject.tell('new')
  expect(await held).toBe('new')
  expect(subject.reads()).toBe(1)
  expect(subject.watchers.size).toBe(0)
})

test('reads again when the notice comes while it reads: which of the two is newer, nobody knows', async () => {
  const subject = createSubject('old')
  const held = subject.hold()
  subject.tell('in between')
  subject.set('new', { quietly: true })
  expect(await held).toBe('new')
  expect(subject.reads()).toBe(2)
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

test('reads again when the patience for this value ends', async () => {
  const subject = createSubject('old')
  const patience = [5, 0]
  expect(await subject.hold({ patienceFor: () => patience.shift() ?? 0 })).toBe('old')
  expect(subject.reads()).toBe(2)
})

test('ends at once when the process closes', async () => {
  const subject = createSubject('old')
  const closing = createClosing()
  const held = subject.hold({ closing })
  await settle()
  closing.come()
  expect(await held).toBe('old')
  expect(subject.watchers.size).toBe(0)
})

test('does not wait at all once the process closes', async () => {
  const closing = createClosing()
  closing.come()
  expect(await createSubject('old').hold({ closing })).toBe('old')
})

test('ends when the client hangs up, and lets go of it', async () => {
  const subject = createSubject('old')
  const client = new TestClient()
  const held = subject.hold({ client })
  await settle()
  client.hangUp()
  expect(await held).toBe('old')
  expect(client.listenerCount('close')).toBe(0)
  expect(subject.watchers.size).toBe(0)
})

test('ends when the client hangs up while it is read', async () => {
  const client = new TestClient()
  const held = createSubject('old').hold({ client })
  client.hangUp()
  expect(await held).toBe('old')
})

test('misses no change that falls between reading and waiting', async () => {
  const subject = createSubject('old')
  let isFirst = true
  const held = subject.hold({
    patienceFor: (value) => {
      if (isFirst) subject.set('new')
      isFirst = false
      return value === 'old' ? 60_000 : 0
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
