import { EventEmitter } from 'node:events'
import { expect, test } from '@jest/globals'
import { createClosing } from '../../../../server/login/hold/closing.ts'
import { type Asker, createHold, type HoldOptions, type HoldRequest } from '../../../../server/login/hold/hold.ts'
import type { OnChange, StoredRecord, Version } from '../../../../server/store/record-store.ts'

/** Long enough that a busy machine reads before it is over. */
const SOON_OVER_MS = 1000

/** Who waits, and can hang up. */
class TestClient extends EventEmitter {
  destroyed = false
  hangUp() {
    this.destroyed = true
    this.emit('close')
  }
}

const TOKEN = { loginId: 'l'.repeat(16), secret: 's'.repeat(22) }

const recordOf = (value: string): StoredRecord => ({ value, version: value as Version })

/** A login that changes, its states mere words, with its watchers in view. */
function createLogin(initial: string) {
  const watchers = new Set<OnChange>()
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
      for (const watcher of watchers) watcher(recordOf(news))
    },
    hold({
      waitMs = 60_000,
      client = new TestClient(),
      readStored = async () => {
        reads++
        return recordOf(value)
      },
      ...options
    }: Partial<HoldOptions<Asker, unknown, unknown> & HoldRequest> & {
      readStored?: () => Promise<StoredRecord>
    } = {}): Promise<unknown> {
      const hold = createHold<Asker, unknown, unknown>({
        records: {
          readStored,
          watch: (_loginId, onChange) => {
            watchers.add(onChange)
            return () => watchers.delete(onChange)
          },
        },
        recognise: (record) => record?.value,
        patienceFor: (value, seen) => (value === seen ? 60_000 : 0),
        isOld: () => false,
        tell: (value) => value,
        closing: createClosing(),
        ...options,
      })
      return hold({ token: TOKEN }, { seen: 'old', waitMs, client })
    },
  }
}

/** Lets everything that is ready happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('answers at once what is new, after one read', async () => {
  const login = createLogin('new')
  expect(await login.hold()).toBe('new')
  expect(login.reads()).toBe(1)
  expect(login.watchers.size).toBe(0)
})

test('answers at once when nothing is to be waited for, and watches nothing', async () => {
  const login = createLogin('old')
  expect(await login.hold({ waitMs: 0 })).toBe('old')
  expect(login.watchers.size).toBe(0)
})

test('waits for a change, reads it, and lets go of its watch', async () => {
  const login = createLogin('old')
  const held = login.hold()
  await settle()
  expect(login.watchers.size).toBe(1)
  login.set('new')
  expect(await held).toBe('new')
  expect(login.reads()).toBe(2)
  expect(login.watchers.size).toBe(0)
})

test('answers with what the notice says, without another read', async () => {
  const login = createLogin('old')
  const held = login.hold()
  await settle()
  login.tell('new')
  expect(await held).toBe('new')
  expect(login.reads()).toBe(1)
  expect(login.watchers.size).toBe(0)
})

test('reads again when the notice comes while it reads: which of the two is newer, nobody knows', async () => {
  const login = createLogin('old')
  const held = login.hold()
  login.tell('in between')
  login.set('new', { quietly: true })
  expect(await held).toBe('new')
  expect(login.reads()).toBe(2)
})

test('reads again when a notice says what was before what was read: it is late', async () => {
  const login = createLogin('2')
  const held = login.hold({
    patienceFor: (value) => (value === '2' ? 60_000 : 0),
    isOld: (news, read) => `${news}` < `${read}`,
  })
  await settle()
  login.tell('1')
  await settle()
  expect(login.watchers.size).toBe(1)
  login.tell('3')
  expect(await held).toBe('3')
  expect(login.reads()).toBe(2)
})

test('goes on waiting when a notice turns out to be no news', async () => {
  const login = createLogin('old')
  const held = login.hold()
  await settle()
  login.set('old')
  await settle()
  expect(login.watchers.size).toBe(1)
  login.set('new')
  expect(await held).toBe('new')
})

test('ends at its time, and reads once more for it', async () => {
  const login = createLogin('old')
  expect(await login.hold({ waitMs: SOON_OVER_MS })).toBe('old')
  expect(login.reads()).toBe(2)
  expect(login.watchers.size).toBe(0)
})

test('a notice that was lost is found at the end of the hold, not a poll later', async () => {
  const login = createLogin('old')
  const held = login.hold({ waitMs: SOON_OVER_MS })
  login.set('new', { quietly: true })
  expect(await held).toBe('new')
})

test('reads again when the patience for this value ends', async () => {
  const login = createLogin('old')
  const patience = [5, 0]
  expect(await login.hold({ patienceFor: () => patience.shift() ?? 0 })).toBe('old')
  expect(login.reads()).toBe(2)
})

test('ends at once when the process closes', async () => {
  const login = createLogin('old')
  const closing = createClosing()
  const held = login.hold({ closing })
  await settle()
  closing.come()
  expect(await held).toBe('old')
  expect(login.watchers.size).toBe(0)
})

test('does not wait at all once the process closes', async () => {
  const closing = createClosing()
  closing.come()
  expect(await createLogin('old').hold({ closing })).toBe('old')
})

test('ends when the client hangs up, and lets go of it', async () => {
  const login = createLogin('old')
  const client = new TestClient()
  const held = login.hold({ client })
  await settle()
  client.hangUp()
  expect(await held).toBe('old')
  expect(client.listenerCount('close')).toBe(0)
  expect(login.watchers.size).toBe(0)
})

test('ends when the client hangs up while it is read', async () => {
  const client = new TestClient()
  const held = createLogin('old').hold({ client })
  client.hangUp()
  expect(await held).toBe('old')
})

test('misses no change that falls between reading and waiting', async () => {
  const login = createLogin('old')
  let isFirst = true
  const held = login.hold({
    patienceFor: (value) => {
      if (isFirst) login.set('new')
      isFirst = false
      return value === 'old' ? 60_000 : 0
    },
  })
  expect(await held).toBe('new')
})

test('lets go of its watch when a read fails', async () => {
  const login = createLogin('old')
  const held = login.hold({ readStored: () => Promise.reject(new Error('no store')) })
  await expect(held).rejects.toThrow('no store')
  expect(login.watchers.size).toBe(0)
})

test.each([0, 60_000])('rejects with what telling it throws, held for %d ms', async (waitMs) => {
  const login = createLogin('new')
  const refuse = () => {
    throw new Error('too fast')
  }
  await expect(login.hold({ waitMs, tell: refuse })).rejects.toThrow('too fast')
  expect(login.watchers.size).toBe(0)
})

test('rejects with what telling it throws when a notice ends the wait', async () => {
  const login = createLogin('old')
  const held = login.hold({
    tell: () => {
      throw new Error('too fast')
    },
  })
  await settle()
  login.tell('new')
  await expect(held).rejects.toThrow('too fast')
})
