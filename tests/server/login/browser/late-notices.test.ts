import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../../../server/store/memory-store.ts'
import type { OnChange, RecordStore, StoredRecord } from '../../../../server/store/record-store.ts'
import { createTestPeople } from '../../../support/app.ts'
import { eventually } from '../../../support/eventually.ts'

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

test.each(['pending', 'pending under a QR that is over'])(
  'a late notice does not bring back a login that was %s',
  async (was) => {
    const time = { now: Date.parse('2026-01-01T00:00:00Z') }
    const late = createLateStore(() => time.now)
    const { browser, phone } = await createTestPeople(
      { QR_OVERLAP_SECONDS: '0' },
      { store: late.store, clock: () => time.now },
    )
    const first = (await browser.post('/login')).json().token
    const key = `login:${first.split('.')[0]}`
    const beforeRotation = await late.store.read(key)
    const { token } = (await browser.post('/login', { token: first })).json()
    const old = was === 'pending' ? await late.store.read(key) : beforeRotation
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
