import { setImmediate as turnsEnd } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectClient, createInjectPhone, createTestApp, type InjectClient } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'

/** S12: who has thousands of sessions signs in as anybody does, and ends them all in a few round trips. */

/** A store at a distance: what is asked in one turn of the event loop is answered in the next, as one trip. */
function createDistantStore(inner: RecordStore) {
  let trips = 0
  let trip: Promise<unknown> | undefined
  const calls = new Map<string, number>()

  async function ask<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    // Nobody waits for what people are told of their accounts.
    if (what.endsWith(' events-of')) return call()
    calls.set(what, (calls.get(what) ?? 0) + 1)
    trip ??= turnsEnd().then(() => {
      trips++
      trip = undefined
    })
    await trip
    return call()
  }

  const kind = (key: string) => key.replace(/:.*/, '')
  const store: RecordStore = {
    ...inner,
    read: (key) => ask(`read ${kind(key)}`, () => inner.read(key)),
    write: (key, ...rest) => ask(`write ${kind(key)}`, () => inner.write(key, ...rest)),
    writeTogether: (writes) =>
      ask(`write ${writes.map(({ key }) => kind(key)).join(', ')}`, () => inner.writeTogether(writes)),
    remove: (key, ...rest) => ask(`remove ${kind(key)}`, () => inner.remove(key, ...rest)),
  }
  return {
    store,
    /** What `act` asked for. */
    async during(act: () => Promise<unknown>) {
      trips = 0
      calls.clear()
      await act()
      return { trips, calls: Object.fromEntries(calls) }
    },
  }
}

const SESSIONS = 1000

async function createPerson() {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const distant = createDistantStore(createMemoryStore({ clock: () => time.now }))
  const { app } = await createTestApp(
    { MAX_SESSIONS: '5000' },
    { store: distant.store, verifyPassword: async (id) => ({ id, name: id }), currentPerson: (user) => user },
    time,
  )
  const phone = await createInjectPhone(app, 'ann')
  const others: InjectClient[] = []
  for (let opened = 0; opened < SESSIONS; opened += 50) {
    others.push(...(await Promise.all(Array.from({ length: 50 }, () => createInjectPhone(app, 'ann')))))
  }
  return { app, distant, phone, others }
}

test('a thousand sessions are ended in a few round trips and with one write of their list, and one more is one write', async () => {
  const { app, distant, phone, others } = await createPerson()
  expect((await phone.get('/sessions')).json().sessions).toHaveLength(SESSIONS + 1)

  const signIn = await distant.during(() => createInjectPhone(app, 'ann'))
  // One read opens the session. The other looks whether the name is a blocked person's, while the password is checked.
  expect(signIn.calls).toEqual({ 'read sessions-of': 2, 'write sessions-of, session': 1 })

  const all = await distant.during(async () => {
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: SESSIONS + 1 })
  })
  expect(all.calls['write session']).toBe(SESSIONS + 1)
  expect(all.calls['write sessions-of']).toBe(1)
  // Eleven times a hundred sessions at once are read, ended, and asked what they scanned. A few trips come beside.
  expect(all.trips).toBeLessThanOrEqual(3 * 11 + 7)

  for (const client of [others[0], others[SESSIONS / 2], others.at(-1)]) {
    expect((await (client ?? createInjectClient(app)).get('/session')).statusCode).toBe(401)
  }
  expect((await phone.get('/sessions')).json().sessions).toHaveLength(1)
  expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 0 })
  // To the owner all of this is one event.
  await eventually('it is told', async () => {
    const [newest, next] = (await phone.get('/events')).json().events
    return newest.type === 'revoked' && newest.count === SESSIONS + 1 && next.type === 'signed_in'
  })
})
