import { beforeEach, describe, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { personKeyHash } from '../../../server/identity/person-key.ts'
import { sessionIdOf } from '../../../server/session/session.ts'
import type { SessionNews } from '../../../server/session/session-news.ts'
import type { NewSession } from '../../../server/session/session-opening.ts'
import { createSessionService, type SessionService } from '../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { createTestPeople } from '../../support/app.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const MOST = 3
const ANN = { id: 'ann', name: 'Ann' }
const LIST = `sessions-of:${personKeyHash(ANN)}`
const BROWSER: NewSession = {
  secret: 'b'.repeat(43),
  user: ANN,
  kind: 'browser',
  remember: true,
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '192.0.2.1',
}
const PHONE: NewSession = { ...BROWSER, secret: 'p'.repeat(43), kind: 'phone' }
const BROWSER_ID = sessionIdOf(BROWSER.secret)

let time: { now: number }
let store: RecordStore
let service: SessionService
let told: Partial<SessionNews>[]
let phonesEnded: string[]

function serviceOver(over: RecordStore): SessionService {
  return createSessionService({
    store: over,
    clock: () => time.now,
    currentPerson: (user) => user,
    policy: { lifeMs: 12 * HOUR, idleMs: HOUR, rememberMs: 720 * HOUR, most: MOST },
    openingMs: MINUTE,
    onFirstUse: async () => undefined,
    onPhoneEnd: async (id) => void phonesEnded.push(id),
    onNews({ session: _left, by: _out, ...news }: SessionNews & { session?: unknown }) {
      told.push(news)
    },
  })
}

beforeEach(() => {
  time = { now: 1_800_000_000_000 }
  ;[told, phonesEnded] = [[], []]
  store = createMemoryStore({ clock: () => time.now })
  service = serviceOver(store)
})

const isLive = async (secret: string, by = service) => (await by.authenticate(secret)) !== undefined

/** Opens it, and has its store lose its person's list. */
async function openUnlisted(session: NewSession): Promise<void> {
  await service.open(session)
  await store.remove(LIST)
  time.now += MINUTE
}

describe('a session whose list was lost', () => {
  test('is listed again within a minute of use, with the times that it had, and can be ended by its owner', async () => {
    const openedAt = time.now
    await openUnlisted(BROWSER)
    expect(await service.list(ANN)).toEqual([])
    expect(await isLive(BROWSER.secret)).toBe(true)
    expect((await store.read(LIST))?.value).toEqual({
      sessions: [{ id: BROWSER_ID, openedAt, endsAt: openedAt + 720 * HOUR }],
    })
    expect(await service.revokeOthers(ANN)).toBe(1)
    expect(await isLive(BROWSER.secret)).toBe(false)
  })

  test('is listed again at its first use after the hand-over', async () => {
    await service.open({ ...BROWSER, handedOverBy: 'l'.repeat(16) })
    await store.remove(LIST)
    expect(await isLive(BROWSER.secret)).toBe(true)
    expect(await service.idsOf(ANN)).toEqual([BROWSER_ID])
  })

  test('ends when its person has been blocked meanwhile, a phone with what it approved', async () => {
    for (const { secret, ...session } of [BROWSER, PHONE]) {
      await openUnlisted({ secret, ...session })
      expect(await service.block(ANN)).toBe(0)
      told = []
      expect(await isLive(secret)).toBe(false)
      expect(told).toEqual([{ type: 'withdrawn', id: sessionIdOf(secret), reason: 'blocked' }])
      await service.unblock(ANN)
      expect([await isLive(secret), await service.idsOf(ANN)]).toEqual([false, []])
    }
    expect(phonesEnded).toEqual([sessionIdOf(PHONE.secret)])
  })

  test('counts as one of those that its person may have, by when it was opened', async () => {
    await openUnlisted(BROWSER)
    for (let count = 1; count < MOST; count++) {
      time.now += 1000
      await service.open({ ...BROWSER, secret: `${count}` })
    }
    expect(await isLive(BROWSER.secret)).toBe(true)
    expect(await service.idsOf(ANN)).toHaveLength(MOST)
    await service.open({ ...BROWSER, secret: 'one more' })
    expect(await Promise.all([BROWSER.secret, '1', 'one more'].map((secret) => isLive(secret)))).toEqual([
      ...[false, true, true],
    ])
  })

  test('stays where the list cannot be read, and where it cannot be written', async () => {
    const away = async () => {
      throw new ScanInError('store_unavailable')
    }
    const withoutReads = serviceOver({ ...store, read: (key) => (key === LIST ? away() : store.read(key)) })
    const withoutWrites = serviceOver({
      ...store,
      write: (key, ...rest) => (key === LIST ? away() : store.write(key, ...rest)),
    })
    await openUnlisted(BROWSER)
    for (const broken of [withoutReads, withoutWrites]) {
      time.now += MINUTE
      expect(await isLive(BROWSER.secret, broken)).toBe(true)
    }
    time.now += MINUTE
    expect([await isLive(BROWSER.secret), await service.idsOf(ANN)]).toEqual([true, [BROWSER_ID]])
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'is not brought back when it is ended meanwhile, before call %i to the store, and leaves nothing in the list',
    async (at) => {
      await openUnlisted(BROWSER)
      let calls = 0
      let ending: Promise<boolean> | undefined
      const before = async <Result>(call: () => Promise<Result>) => {
        if (++calls === at) {
          ending = service.revoke(ANN, BROWSER_ID)
          await ending
        }
        return call()
      }
      const raced = serviceOver({
        ...store,
        read: (key) => before(() => store.read(key)),
        write: (...what) => before(() => store.write(...what)),
      })
      await raced.authenticate(BROWSER.secret)
      if (ending === undefined) await service.revoke(ANN, BROWSER_ID)
      expect([await isLive(BROWSER.secret), await service.idsOf(ANN)]).toEqual([false, []])
      expect(told.filter(({ type }) => type !== 'opened')).toEqual([{ type: 'revoked', id: BROWSER_ID }])
    },
  )
})

test('whether a session is listed is looked at with its use, once a minute, and nothing is written where it is', async () => {
  await service.open(BROWSER)
  const calls: string[] = []
  const counted = serviceOver({
    ...store,
    read: (key) => {
      calls.push(`read ${key.replace(/:.*/, '')}`)
      return store.read(key)
    },
    write: (key, ...rest) => {
      calls.push(`write ${key.replace(/:.*/, '')}`)
      return store.write(key, ...rest)
    },
  })
  await isLive(BROWSER.secret, counted)
  expect(calls.splice(0)).toEqual(['read session'])
  time.now += MINUTE
  await isLive(BROWSER.secret, counted)
  expect(calls.splice(0)).toEqual(['read session', 'read session', 'read sessions-of', 'write session'])
  await isLive(BROWSER.secret, counted)
  expect(calls).toEqual(['read session'])
})

describe('somebody whose list was lost', () => {
  async function loseTheList() {
    const env = { ADMIN_PORT: '0', ADMIN_TOKEN: 'a'.repeat(32), MATCH: 'never' }
    const people = await createTestPeople(env)
    const { testApp, browser, phone } = people
    const { token } = (await browser.post('/login')).json()
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
    expect((await browser.get('/session')).statusCode).toBe(200)
    await testApp.store.remove(`sessions-of:${personKeyHash({ id: 'demo' })}`)
    testApp.time.now += MINUTE
    return people
  }

  test('sees the browser again that is in use, and signs it out with all others', async () => {
    const { browser, phone } = await loseTheList()
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect((await phone.get('/sessions')).json().sessions).toHaveLength(2)
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 1 })
    expect((await browser.get('/session')).statusCode).toBe(401)
  })

  test('is out within a minute of use once an operator blocks them', async () => {
    const { testApp, browser, phone } = await loseTheList()
    const headers = { host: '127.0.0.1:9465', authorization: `Bearer ${'a'.repeat(32)}` }
    const blocked = await testApp.adminApp?.inject({ method: 'POST', url: '/users/demo/block', headers })
    expect(blocked?.json()).toMatchObject({ blocked: true, revoked: 0 })
    expect([(await browser.get('/session')).statusCode, (await phone.get('/session')).statusCode]).toEqual([401, 401])
  })
})
