import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { OnChange, RecordStore, StoredRecord } from '../../../server/store/record-store.ts'
import { createTestPeople } from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'

/** A store whose notices come when the test says so, and say what it says. */
function createLateStore(clock: () => number) {
  const inner = createMemoryStore({ clock })
  const waiting = new Set<OnChange>()
  let reads = 0
  const store: RecordStore = {
    ...inner,
    read(key) {
      reads++
      return inner.read(key)
    },
    watch(_key, onChange) {
      waiting.add(onChange)
      return () => waiting.delete(onChange)
    },
  }
  return {
    store,
    reads: () => reads,
    waiting: () => waiting.size,
    tell(news?: StoredRecord) {
      for (const onChange of waiting) onChange(news)
    },
  }
}

async function createLatePeople() {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const late = createLateStore(() => time.now)
  const made = { store: late.store, clock: () => time.now }
  return { ...(await createTestPeople({ QR_OVERLAP_SECONDS: '0' }, made)), late }
}

const keyOf = (token: string) => `login:${token.split('.')[0]}`

test.each(['pending', 'pending under a QR that is over'])(
  'a late notice does not bring back a login that was %s',
  async (was) => {
    const { browser, phone, late } = await createLatePeople()
    const first = (await browser.post('/login')).json().token
    const beforeRotation = await late.store.read(keyOf(first))
    const { token } = (await browser.post('/login', { token: first })).json()
    const old = was === 'pending' ? await late.store.read(keyOf(token)) : beforeRotation
    await phone.post('/login/scan', { token })

    const held = browser.get(`/login/status/${token}?seen=scanned&wait=2`)
    await eventually('the poll is held', () => late.waiting() > 0)
    const reads = late.reads()
    late.tell(old)
    await eventually('it was read again', () => late.reads() > reads)
    await phone.post('/login/confirm', { token })
    late.tell()
    expect((await held).json()).toMatchObject({ status: 'authenticated' })
  },
)

test.each(['pending', 'scanned'])(
  'a late notice of a login that was %s is not the end of it to its phone, and what is new is told without another read',
  async (was) => {
    const { browser, phone, late } = await createLatePeople()
    const { token } = (await browser.post('/login')).json()
    const pending = await late.store.read(keyOf(token))
    await phone.post('/login/scan', { token })
    const scanned = await late.store.read(keyOf(token))
    await phone.post('/login/confirm', { token })

    const held = phone.get(`/login/scan/${token}?seen=authenticated&wait=2`)
    await eventually('the poll is held', () => late.waiting() > 0)
    const reads = late.reads()
    late.tell(was === 'pending' ? pending : scanned)
    await eventually('it was read again', () => late.reads() > reads)
    await phone.post('/login/deny', { token })
    const denied = await late.store.read(keyOf(token))
    const before = late.reads()
    late.tell(denied)
    expect((await held).json()).toMatchObject({ status: 'denied' })
    expect(late.reads()).toBe(before)
  },
)
