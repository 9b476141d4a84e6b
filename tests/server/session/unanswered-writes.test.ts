import { beforeEach, describe, expect, test } from '@jest/globals'
import { sessionIdOf } from '../../../server/session/session.ts'
import type { SessionNews } from '../../../server/session/session-news.ts'
import type { NewSession } from '../../../server/session/session-opening.ts'
import { createSessionService, type SessionService } from '../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { eventually } from '../../support/eventually.ts'
import { createFailingStore, type FailingStore, type Loss } from '../../support/failing-store.ts'

const HOUR = 3_600_000
const MOST = 50
const ANN = { id: 'ann', name: 'Ann' }
const PHONE: NewSession = {
  secret: 'p'.repeat(43),
  user: ANN,
  kind: 'phone',
  remember: true,
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '192.0.2.1',
}
const BROWSER: NewSession = { ...PHONE, secret: 'b'.repeat(43), kind: 'browser', handedOverBy: 'l'.repeat(16) }
const away = { code: 'store_unavailable' }

let time: { now: number }
let scheduled: { ms: number; callback: () => void }[]
let failing: FailingStore
let service: SessionService
/** Of another instance, whose store is there. */
let other: SessionService
let told: Partial<SessionNews>[]

const schedule = (ms: number, callback: () => void) => {
  const entry = { ms, callback }
  scheduled.push(entry)
  return () => {
    scheduled = scheduled.filter((one) => one !== entry)
  }
}

beforeEach(() => {
  time = { now: 1_800_000_000_000 }
  const clock = () => time.now
  ;[scheduled, told] = [[], []]
  const store = createMemoryStore({ clock })
  failing = createFailingStore(store)
  const options = {
    currentPerson: <Known>(user: Known) => user,
    clock,
    policy: { lifeMs: 12 * HOUR, idleMs: HOUR, rememberMs: 720 * HOUR, most: MOST },
    openingMs: 60_000,
    onFirstUse: async () => undefined,
    onPhoneEnd: async () => undefined,
    schedule,
  }
  service = createSessionService({
    ...options,
    store: failing.store,
    onNews({ session: _left, by: _out, ...news }: SessionNews & { session?: unknown }) {
      told.push(news)
    },
  })
  other = createSessionService({ ...options, store })
})

/** Lets so much time pass, and what is due by then happen. */
async function pass(ms: number): Promise<void> {
  await settled()
  time.now += ms
  const due = scheduled.filter((one) => one.ms <= ms)
  for (const one of due) {
    scheduled = scheduled.filter((each) => each !== one)
    one.callback()
  }
  await settled()
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate)
}

const idsOfAnn = async () => (await other.list(ANN)).map(({ id }) => id)

describe('a sign-in that the store did not answer', () => {
  /** Reads of the list and the session, then the write. */
  const UP_TO_ITS_WRITE = 1

  test('leaves no session that nobody has, once the store is there: neither it nor its place in the list', async () => {
    failing.failAfter(UP_TO_ITS_WRITE, 'after')
    await expect(service.open(PHONE)).rejects.toMatchObject(away)
    // It is there, and cannot be taken back yet.
    expect(await idsOfAnn()).toHaveLength(1)
    await pass(1000)
    expect(await idsOfAnn()).toHaveLength(1)
    failing.mend()
    await pass(5000)
    expect(await idsOfAnn()).toEqual([])
    expect(await other.idsOf(ANN)).toEqual([])
    expect(scheduled).toEqual([])
    expect(told).toEqual([{ type: 'opened', id: sessionIdOf(PHONE.secret), isUncertain: true }])
  })

  test('is taken back at once where the next write is answered', async () => {
    failing.failAfter(UP_TO_ITS_WRITE, 'after')
    const signingIn = service.open(PHONE)
    signingIn.catch(() => failing.mend())
    await expect(signingIn).rejects.toMatchObject(away)
    await eventually('it is taken back', async () => {
      await pass(1000)
      return (await other.idsOf(ANN)).length === 0
    })
  })

  test.each([
    ['the session that it replaces', { replaces: sessionIdOf(BROWSER.secret) }],
    ['one too many', {}],
  ])('is taken back also where what was not answered is the end of %s', async (_which, how) => {
    await other.open(BROWSER)
    for (let count = 1; count < MOST; count++) await other.open({ ...PHONE, secret: `phone ${count}` })
    const before = await idsOfAnn()
    failing.failWritesAt(new RegExp(`^session:${sessionIdOf(BROWSER.secret)}$`))
    await expect(service.open(PHONE, how)).rejects.toMatchObject(away)
    failing.mend()
    await pass(1000)
    expect(await idsOfAnn()).toEqual(before)
    expect(told.filter(({ type }) => type === 'opened')).toEqual([
      { type: 'opened', id: sessionIdOf(PHONE.secret), isUncertain: true },
    ])
  })

  test('pushes no browser out, however often it is tried', async () => {
    await other.open(BROWSER)
    for (let tries = 0; tries < 60; tries++) {
      failing.failAfter(UP_TO_ITS_WRITE, 'after')
      await expect(service.open({ ...PHONE, secret: `try ${tries}` })).rejects.toMatchObject(away)
      failing.mend()
      await pass(1000)
    }
    await service.open(PHONE)
    expect((await idsOfAnn()).sort()).toEqual([BROWSER, PHONE].map(({ secret }) => sessionIdOf(secret)).sort())
  })
})

describe('an end that the store did not answer', () => {
  const id = sessionIdOf(BROWSER.secret)
  const unknown = { type: 'revoked', id, isUncertain: true }

  beforeEach(async () => {
    await other.open(BROWSER)
  })

  /** Of the look at it and at what is there, then the write. */
  async function revoke(loss: Loss): Promise<void> {
    failing.failAfter(2, loss)
    await expect(service.revoke(ANN, id)).rejects.toMatchObject(away)
  }

  test('is told again once it is found to have happened, with when it was', async () => {
    const at = time.now
    await revoke('after')
    await pass(1000)
    expect(told).toEqual([unknown])
    failing.mend()
    await pass(5000)
    expect(told).toEqual([unknown, { type: 'revoked', id, wasUncertainAt: at }])
    expect(await service.revoke(ANN, id)).toBe(true)
    await pass(600_000)
    expect(told).toHaveLength(2)
  })

  test('is not told again where it has not happened', async () => {
    await revoke('before')
    failing.mend()
    for (const ms of [1000, 5000, 30_000, 120_000, 600_000]) await pass(ms)
    expect(told).toEqual([unknown])
    expect(scheduled).toEqual([])
  })

  test('is told once more where it is done by another try, and not once for each', async () => {
    for (let tries = 0; tries < 3; tries++) await revoke('before')
    failing.mend()
    expect(await service.revoke(ANN, id)).toBe(true)
    for (const ms of [1000, 5000, 30_000]) await pass(ms)
    expect(told).toEqual([unknown, unknown, unknown, { type: 'revoked', id }])
  })
})

test("a browser's session that may be there is told of once as such, and again once it is found", async () => {
  const { opened } = await other.create(BROWSER)
  if (opened === undefined) throw new Error('it was not created')
  for (let polls = 0; polls < 3; polls++) service.tell(opened, { by: undefined, isUncertain: true })
  const unknown = { type: 'opened', id: opened.id, isUncertain: true }
  expect(told).toEqual([unknown])
  const at = time.now
  await pass(1000)
  expect(told).toEqual([unknown, { type: 'opened', id: opened.id, wasUncertainAt: at }])

  service.tell({ ...opened, id: 'never there' }, { by: undefined, isUncertain: true })
  service.tell({ ...opened, id: 'there now' }, { by: undefined, isUncertain: true })
  service.tell({ ...opened, id: 'there now' }, { by: undefined })
  for (const ms of [1000, 5000, 30_000, 120_000, 600_000]) await pass(ms)
  expect(told.slice(2)).toEqual([
    { type: 'opened', id: 'never there', isUncertain: true },
    { type: 'opened', id: 'there now', isUncertain: true },
    { type: 'opened', id: 'there now' },
  ])
})

test("a browser's session that may be there, and is taken back, is told of no more", async () => {
  const { opened } = await other.create(BROWSER)
  if (opened === undefined) throw new Error('it was not created')
  service.tell(opened, { by: undefined, isUncertain: true })
  await service.discard(opened)
  for (const ms of [1000, 5000, 30_000, 120_000, 600_000]) await pass(ms)
  expect(told).toEqual([{ type: 'opened', id: opened.id, isUncertain: true }])
})
