import { beforeEach, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import type { BearerVerifier, IdentitySource } from '../../../server/identity/identity.ts'
import { personKeyHash } from '../../../server/identity/person-key.ts'
import { createPersonRecords } from '../../../server/session/person-records.ts'
import type { Session } from '../../../server/session/session.ts'
import { createSessionIndex } from '../../../server/session/session-index.ts'
import { createTokenActivity } from '../../../server/session/token-activity.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { createInjectClient, createTestApp, type InjectClient, type TestApp } from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const ADA = { id: 'ada', name: 'Ada', source: 'jwt' as IdentitySource }
const OF_ADA = personKeyHash(ADA)

let time: { now: number }
let calls: string[]
let isWritable: boolean
let store: RecordStore

beforeEach(() => {
  time = { now: 1_800_000_000_000 }
  calls = []
  isWritable = true
  const inner = createMemoryStore({ clock: () => time.now })
  store = {
    ...inner,
    read(key) {
      calls.push('read')
      return inner.read(key)
    },
    async write(...what) {
      calls.push('write')
      if (!isWritable) throw new ScanInError('store_unavailable')
      return inner.write(...what)
    },
  }
})

/** As each process has it. */
const createInstance = () => {
  const clock = () => time.now
  const people = createPersonRecords({ store, clock })
  return { people, index: createSessionIndex({ people }), activity: createTokenActivity({ people, clock }) }
}

/** A session of Ada's that is listed. */
async function openSession({ index } = createInstance()): Promise<Session> {
  const createdAt = time.now
  const endsAt = createdAt + 720 * HOUR_MS
  await index.add(OF_ADA, { id: 'ada-s', openedAt: createdAt, endsAt })
  calls = []
  const device = { browser: { name: 'Firefox', os: 'Linux' }, ip: '192.0.2.1' }
  return { ...device, user: ADA, kind: 'browser', createdAt, lastSeenAt: createdAt, endsAt }
}

test('a session goes on for twelve hours from its beginning', async () => {
  const { activity } = createInstance()
  const session = await openSession()
  time.now += 12 * HOUR_MS - 1
  expect(await activity.vouchFor(session)).toEqual(ADA)
  time.now += 1
  expect(await activity.vouchFor(session)).toBeUndefined()
  expect(calls).toEqual(['read', 'read'])
})

test('and for twelve hours from when a token was shown last, to whichever process', async () => {
  const session = await openSession()
  time.now += 10 * HOUR_MS
  await createInstance().activity.note(ADA)
  const { activity } = createInstance()
  time.now += 12 * HOUR_MS - 1
  expect(await activity.vouchFor(session)).toEqual(ADA)
  time.now += 1
  expect(await activity.vouchFor(session)).toBeUndefined()
})

test('is written once in five minutes, however many requests and processes there are', async () => {
  const instances = [createInstance(), createInstance()]
  await openSession()
  const noteOften = async () => {
    for (let round = 0; round < 20; round++)
      for (const { activity } of instances) await activity.note({ ...ADA, groups: round % 2 ? ['a', 'b'] : ['b', 'a'] })
  }
  const writes = () => calls.filter((call) => call === 'write')
  await noteOften()
  expect(writes()).toHaveLength(1)
  time.now += 5 * MINUTE_MS - 1
  await noteOften()
  expect(writes()).toHaveLength(1)
  time.now += 1
  await noteOften()
  expect(writes()).toHaveLength(2)
})

test('what a token says of its person is so in all of their sessions, at once and in whichever process', async () => {
  const session = await openSession()
  const [first, second] = [createInstance(), createInstance()]
  for (const told of [
    { name: 'Ada', email: 'ada@example.com', groups: ['board', 'staff'] },
    { name: 'Ada', groups: ['staff'] },
    { name: 'Ada Lovelace' },
    { name: 'Ada', groups: ['board', 'staff'] },
  ]) {
    await first.activity.note({ ...ADA, ...told })
    expect(await second.activity.vouchFor(session)).toEqual({ ...told, id: 'ada', source: 'jwt' })
    await second.activity.note({ ...ADA, groups: [] })
    expect(await first.activity.vouchFor(session)).toEqual({ ...ADA, groups: [] })
  }
})

test('an older token than the last one, of another of the apps, gives nothing back and is not written', async () => {
  const session = await openSession()
  const { activity } = createInstance()
  const issuedAt = time.now
  await activity.note({ ...ADA, groups: [] }, issuedAt)
  calls = []
  for (let round = 0; round < 3; round++) {
    await activity.note({ ...ADA, groups: ['board'] }, issuedAt - 1000)
    expect(await activity.vouchFor(session)).toEqual({ ...ADA, groups: [] })
    await activity.note({ ...ADA, groups: [] }, issuedAt)
  }
  expect(calls).not.toContain('write')
  time.now += 10 * HOUR_MS
  // It is heard of all the same.
  await activity.note({ ...ADA, groups: ['board'] }, issuedAt - 1000)
  time.now += 11 * HOUR_MS
  expect(await activity.vouchFor(session)).toEqual({ ...ADA, groups: [] })
})

test('nor does one that was issued between two that say the same', async () => {
  const session = await openSession()
  const { activity } = createInstance()
  const issuedAt = time.now
  await activity.note({ ...ADA, groups: [] }, issuedAt)
  await activity.note({ ...ADA, groups: [] }, issuedAt + 2000)
  await activity.note({ ...ADA, groups: ['board'] }, issuedAt + 1000)
  expect(await activity.vouchFor(session)).toEqual({ ...ADA, groups: [] })
  await activity.note({ ...ADA, groups: ['board'] }, issuedAt + 3000)
  expect(await activity.vouchFor(session)).toEqual({ ...ADA, groups: ['board'] })
})

test('what was said while other sessions were there is nothing to one that begins after them', async () => {
  const { index, activity } = createInstance()
  const session = await openSession()
  await activity.note({ ...ADA, groups: ['board'] })
  await index.remove(OF_ADA, ['ada-s'])
  await openSession()
  expect(await activity.vouchFor(session)).toEqual(ADA)
})

test('of whom no session is there, nothing is written', async () => {
  await createInstance().activity.note(ADA)
  expect(calls).toEqual(['read'])
})

test('stays noted as sessions come and go', async () => {
  const { index, activity } = createInstance()
  const session = await openSession()
  time.now += 10 * HOUR_MS
  await activity.note(ADA)
  await index.add(OF_ADA, { id: 'other', openedAt: time.now, endsAt: time.now + HOUR_MS })
  await index.prolong(OF_ADA, 'ada-s', session.endsAt)
  await index.remove(OF_ADA, ['other'])
  time.now += 11 * HOUR_MS
  expect(await activity.vouchFor(session)).toEqual(ADA)
})

test('a store that takes nothing holds no request up, and is asked again by the next one', async () => {
  const { activity } = createInstance()
  const session = await openSession()
  time.now += 10 * HOUR_MS
  isWritable = false
  await activity.note(ADA)
  isWritable = true
  await activity.note(ADA)
  time.now += 11 * HOUR_MS
  expect(await activity.vouchFor(session)).toEqual(ADA)
})

/** A browser that a native app has signed in, by what it shows. */
async function browserLetInBy(headers: Record<string, string>, { app }: TestApp): Promise<InjectClient> {
  const browser = createInjectClient(app)
  const { token } = (await browser.post('/login')).json()
  for (const url of ['/login/scan', '/login/confirm']) {
    const payload = { token, ...(url === '/login/confirm' && { remember: true }) }
    expect((await app.inject({ method: 'POST', url, headers, payload })).statusCode).toBe(200)
  }
  await browser.get(`/login/status/${token}`)
  return browser
}

test('an older token gives nothing back either where it is the first one to be shown since the browser is in', async () => {
  const verify: BearerVerifier = async (token) => {
    const isOld = token === 'older'
    const issuedAt = testApp.time.now - (isOld ? 2000 : 1000)
    return { kind: 'person', user: { ...ADA, groups: isOld ? ['board'] : [] }, issuedAt }
  }
  const testApp = await createTestApp({ MATCH: 'never' }, { bearerVerifiers: [verify] })
  const headersOf = (token: string) => ({ authorization: `Bearer ${token}` })
  const browser = await browserLetInBy(headersOf('newer'), testApp)
  expect((await testApp.app.inject({ url: '/session', headers: headersOf('older') })).statusCode).toBe(200)
  expect((await browser.get('/session')).json().user.groups ?? []).toEqual([])
  const another = await browserLetInBy(headersOf('older'), testApp)
  for (const one of [browser, another]) expect((await one.get('/session')).json().user.groups ?? []).toEqual([])
})

test('many that wait for the list of their sessions hold up no request in which there is nothing to note, and fail none', async () => {
  const { people, activity } = createInstance()
  await openSession()
  await activity.note(ADA)
  let letGo = () => {}
  const stuck = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const wait = () => people.inTurn(OF_ADA, () => stuck)
  const answered: string[] = []
  const note = async (user: typeof ADA) => {
    activity.note(user).then(
      () => answered.push(user.name),
      (error) => answered.push(String(error)),
    )
    const before = answered.length
    await eventually('it is answered', async () => answered.length > before)
  }
  const line = [wait()]
  await note(ADA)
  for (let count = 0; count < 500; count++) line.push(wait())
  await note({ ...ADA, name: 'Ada Lovelace' })
  expect(answered).toEqual(['Ada', 'Ada Lovelace'])
  letGo()
  await Promise.all(line)
})

test('a copied token that is shown without its key keeps nobody in', async () => {
  let keyThumbprint: string | undefined
  const verify: BearerVerifier = async () => ({
    kind: 'person',
    user: ADA,
    goodUntil: testApp.time.now + HOUR_MS,
    ...(keyThumbprint && { keyThumbprint }),
  })
  const testApp = await createTestApp({ MATCH: 'never' }, { bearerVerifiers: [verify] })
  const headers = { authorization: 'Bearer of-ada' }
  const browser = await browserLetInBy(headers, testApp)
  keyThumbprint = 'of the phone'
  testApp.time.now += 11 * HOUR_MS
  expect((await testApp.app.inject({ url: '/session', headers })).statusCode).toBe(401)
  expect((await browser.get('/session')).statusCode).toBe(200)
  testApp.time.now += 2 * HOUR_MS
  expect((await browser.get('/session')).statusCode).toBe(401)
})
