import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { ScanInError } from '../../../server/errors.ts'
import { createEventRecords } from '../../../server/events/event-records.ts'
import { createEventWriter } from '../../../server/events/event-writer.ts'
import type { OnAccountNews } from '../../../server/identity/account-news.ts'
import { personKeyHash } from '../../../server/identity/person-key.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  PUBLIC_URL,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { keepLog } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'
import { createFailingStore } from '../../support/failing-store.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts'

const OF_DEMO = `events-of:${personKeyHash({ id: 'demo' })}`
const DAY = 24 * 3_600_000
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
const AT_HOME = { name: 'Chrome', os: 'Android' }
const UNKNOWN = { name: 'Unknown browser', os: 'unknown system' }

let testApp: TestApp
let phone: InjectClient

async function begin(env: Record<string, string> = {}, parts: TestParts = {}): Promise<void> {
  await testApp?.app.close()
  const placeOf = (address: string) => (address === '192.0.2.7' ? 'Berlin, Germany' : undefined)
  testApp = await createTestApp({ MATCH: 'never', ...env }, { placeOf, ...parts })
  phone = await createInjectPhone(testApp.app)
}
beforeEach(() => begin())
afterEach(() => testApp.app.close())

interface Event {
  type: string
  [key: string]: unknown
}
const events = async (client = phone): Promise<Event[]> => (await client.get('/events')).json().events
/** So many events: they are written a moment after what they are about. */
const eventsOnce = (count: number, client = phone): Promise<Event[]> =>
  eventually(`${count} events`, async () => {
    const all = await events(client)
    return all.length === count && all
  })

async function start(browser = createInjectClient(testApp.app), options = {}): Promise<string> {
  return (await browser.post('/login', undefined, options)).json().token
}
async function link(browser = createInjectClient(testApp.app), by = phone): Promise<InjectClient> {
  const token = await start(browser)
  await by.post('/login/scan', { token })
  await by.post('/login/confirm', { token })
  await browser.get(`/login/status/${token}`)
  return browser
}

describe('the events of an account', () => {
  test('say what happened, when, on which device, at which address and place, and by whom', async () => {
    testApp.time.now += 1000
    const at = { remoteAddress: '192.0.2.7', headers: { origin: 'http://scanin.test', 'user-agent': FIREFOX } }
    const browser = createInjectClient(testApp.app)
    const token = await start(browser, at)
    await phone.post('/login/scan', { token })
    await phone.post('/login/confirm', { token })
    await browser.get(`/login/status/${token}`)
    const { id } = (await browser.get('/session')).json().session
    await eventsOnce(2)
    testApp.time.now += 1000
    const refused = await start(browser, at)
    await phone.post('/login/scan', { token: refused })
    const asPhone = { headers: { origin: 'http://scanin.test', 'user-agent': ANDROID } }
    await phone.post('/login/deny', { token: refused }, asPhone)
    await eventsOnce(3)
    testApp.time.now += 1000
    await phone.delete(`/sessions/${id}`, asPhone)
    const desk = { browser: { name: 'Firefox', os: 'Linux' }, ip: '192.0.2.7', place: 'Berlin, Germany' }
    const own = (await phone.get('/session')).json().session.id
    expect(await eventsOnce(4)).toEqual([
      {
        type: 'revoked',
        created_at: '2026-01-01T00:00:03.000Z',
        ...desk,
        session: id,
        by: { browser: AT_HOME, ip: '127.0.0.1' },
        new: true,
      },
      {
        type: 'denied',
        created_at: '2026-01-01T00:00:02.000Z',
        ...desk,
        by: { browser: AT_HOME, ip: '127.0.0.1' },
        new: true,
      },
      { type: 'linked', created_at: '2026-01-01T00:00:01.000Z', ...desk, session: id, new: true },
      {
        type: 'signed_in',
        created_at: '2026-01-01T00:00:00.000Z',
        browser: UNKNOWN,
        ip: '127.0.0.1',
        session: own,
        new: false,
      },
    ])
  })

  test('tell of a browser that was refused because the digits were wrong too often', async () => {
    await begin({ MATCH: 'always' })
    const browser = createInjectClient(testApp.app)
    const token = await start(browser)
    await phone.post('/login/scan', { token })
    const { match_code } = (await phone.post('/login/confirm', { token })).json()
    const wrong = match_code === '000000' ? '111111' : '000000'
    for (let tries = 0; tries < 5; tries++) await browser.post('/login/match', { token, match_code: wrong })
    const [denied] = await eventsOnce(2)
    expect(denied).toMatchObject({ type: 'denied', ip: '127.0.0.1' })
    expect(denied).not.toHaveProperty('by')
  })

  test('are the newest fifty, each once, and of ninety days', async () => {
    const raced = await Promise.all(Array.from({ length: 60 }, () => link()))
    expect(raced).toHaveLength(60)
    const kept = await eventually('all are written', async () => {
      const all = await events()
      return all.every(({ type }) => type === 'linked') && all
    })
    expect(kept).toHaveLength(50)
    expect(new Set(kept.map(({ session }) => session)).size).toBe(50)
    testApp.time.now += 29 * DAY
    await phone.post('/sign-out')
    phone = await createInjectPhone(testApp.app)
    await eventually('the newest is there', async () => (await events())[0]?.type === 'signed_in')
    testApp.time.now += 61 * DAY
    phone = await createInjectPhone(testApp.app)
    await eventsOnce(2)
  })

  test('tell of all others signed out as one, and so leave room for the rest', async () => {
    for (let count = 0; count < 12; count++) await link()
    await eventsOnce(13)
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 12 })
    const told = await eventually('all are told', async () => {
      const all = await events()
      return all[0]?.['count'] === 12 && all
    })
    expect(told.map(({ type }) => type)).toEqual(['revoked', ...Array(12).fill('linked'), 'signed_in'])
    expect(told[0]).not.toHaveProperty('session')
  })

  test("are somebody's own, and nobody's who is signed out", async () => {
    const reply = await createInjectClient(testApp.app).get('/events')
    expect([reply.statusCode, reply.json().code]).toEqual([401, 'authentication_required'])
    const seen = await createInjectClient(testApp.app).post('/events/seen', { until: '2026-01-01T00:00:00.000Z' })
    expect(seen.statusCode).toBe(401)
  })

  test.each([
    ['removed', ['removed']],
    ['disabled, and removed soon after', ['disabled', 'removed']],
  ] as const)('of an account that is %s are forgotten', async (_what, ends) => {
    let tell: OnAccountNews = () => undefined
    await begin(
      {},
      {
        followAccounts(onNews) {
          tell = onNews
        },
      },
    )
    await eventsOnce(1)
    const user = { id: 'demo', name: 'Demo Person' }
    for (const why of ends) tell([{ user, why }])
    await eventsOnce(0)
  })

  test('that another version has written, and this one does not know, are left out', async () => {
    await eventsOnce(1)
    const { store, time } = testApp
    const own = [(await store.read(OF_DEMO))?.value].flat()
    const strange = { type: 'teleported', at: time.now }
    await store.write(OF_DEMO, [strange, 7, ...own], { expiresAt: time.now + DAY })
    expect((await events()).map(({ type }) => type)).toEqual(['signed_in'])
  })
})

describe('what the store did not do, or did not answer', () => {
  type Loss = 'before' | 'after'
  let lose: { key: RegExp; loss: Loss; cause: Error | undefined } | undefined
  let log: ReturnType<typeof keepLog>
  const READ_ONLY = new Error("READONLY You can't write against a read only replica.")

  beforeEach(async () => {
    lose = undefined
    log = keepLog()
    const inner = createMemoryStore({ clock: () => Date.parse('2026-01-01T00:00:00Z') })
    async function losing(keys: string[], call: () => Promise<boolean>): Promise<boolean> {
      const lost = keys.some((key) => lose?.key.test(key)) ? lose : undefined
      if (lost === undefined) return call()
      if (lost.loss === 'after') await call()
      throw new ScanInError('store_unavailable', { cause: lost.cause })
    }
    const store: typeof inner = {
      ...inner,
      write: (key, ...rest) => losing([key], () => inner.write(key, ...rest)),
      writeTogether: (writes) =>
        losing(
          writes.map(({ key }) => key),
          () => inner.writeTogether(writes),
        ),
    }
    await begin({}, { store, logger: log.logger })
    await eventsOnce(1)
  })

  const outcomes = (audit: string) =>
    log
      .news()
      .filter((line) => line.audit === audit)
      .map((line) => line['outcome'])
  const types = async () => (await events()).map(({ type }) => type)

  /** So many, and no more: what is told of a sign-in that comes after them is told, and left out. */
  async function typesOf(count: number): Promise<string[]> {
    await eventsOnce(count)
    const from = { remoteAddress: '192.0.2.99' }
    await createInjectClient(testApp.app).post('/sign-in', { username: 'demo', password: DEMO_PASSWORD }, from)
    return eventually('the sign-in is told of', async () => {
      const all = await events()
      const others = all.filter(({ ip }) => ip !== from.remoteAddress)
      return others.length < all.length && others.map(({ type }) => type)
    })
  }

  test('an end that was refused is no event and no line, however often it was asked for', async () => {
    const browser = await link()
    await eventsOnce(2)
    const { id } = (await browser.get('/session')).json().session
    lose = { key: /^session:/, loss: 'before', cause: READ_ONLY }
    for (let tries = 0; tries < 3; tries++) expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(503)
    lose = undefined
    expect((await browser.get('/session')).statusCode).toBe(200)
    expect(outcomes('session.revoked')).toEqual([])
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    expect(await typesOf(3)).toEqual(['revoked', 'linked', 'signed_in'])
    expect(outcomes('session.revoked')).toEqual(['success'])
  })

  test('an end whose answer was lost is one event, once it is known, also when it is asked for again', async () => {
    const browser = await link()
    await eventsOnce(2)
    const { id } = (await browser.get('/session')).json().session
    lose = { key: /^session:/, loss: 'after', cause: undefined }
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(503)
    lose = undefined
    expect((await phone.delete(`/sessions/${id}`)).statusCode).toBe(204)
    expect(await typesOf(3)).toEqual(['revoked', 'linked', 'signed_in'])
    expect(outcomes('session.revoked')).toEqual(['unknown'])
  })

  test.each<[string, Loss, Error | undefined, string[]]>([
    ['refused', 'before', READ_ONLY, ['success']],
    ['lost', 'before', undefined, ['unknown', 'success']],
    ['not answered', 'after', undefined, ['unknown']],
  ])(
    'a browser whose hand-over was %s at several polls is one event, and told of as it was',
    async (_what, loss, cause, said) => {
      const browser = createInjectClient(testApp.app)
      const token = await start(browser)
      await phone.post('/login/scan', { token })
      await phone.post('/login/confirm', { token })
      lose = { key: /^(login|session):/, loss, cause }
      for (let polls = 0; polls < 3; polls++) {
        testApp.time.now += 2000
        expect((await browser.get(`/login/status/${token}`)).statusCode).toBe(503)
      }
      lose = undefined
      testApp.time.now += 2000
      expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
      expect(await typesOf(2)).toEqual(['linked', 'signed_in'])
      expect(outcomes('login.collected')).toEqual(said)
    },
  )

  test('a denial that was tried again is one event', async () => {
    const token = await start()
    await phone.post('/login/scan', { token })
    for (const loss of ['before', 'before', undefined] as const) {
      lose = loss && { key: /^login:/, loss, cause: undefined }
      await phone.post('/login/deny', { token })
      testApp.time.now += 1000
    }
    expect(await typesOf(2)).toEqual(['denied', 'signed_in'])
  })

  test('signed out together, as many are told of as there were, also where the store did not answer what was written', async () => {
    await Promise.all([link(), link(), link()])
    await eventsOnce(4)
    lose = { key: /^events-of:/, loss: 'after', cause: undefined }
    expect((await phone.delete('/sessions')).json()).toEqual({ revoked: 3 })
    await eventually('it is written', async () => (await types())[0] === 'revoked')
    lose = undefined
    // Is written with what is to be written again.
    testApp.time.now += 1000
    await createInjectPhone(testApp.app)
    const [newest, revoked] = await eventsOnce(6)
    expect(newest).toMatchObject({ type: 'signed_in' })
    expect(revoked).toMatchObject({ type: 'revoked', count: 3 })
  })

  test('a denial that was lost is no event of a browser that was let in after all', async () => {
    const browser = createInjectClient(testApp.app)
    const token = await start(browser)
    await phone.post('/login/scan', { token })
    lose = { key: /^login:/, loss: 'before', cause: undefined }
    expect((await phone.post('/login/deny', { token })).statusCode).toBe(503)
    lose = undefined
    await phone.post('/login/confirm', { token })
    await browser.get(`/login/status/${token}`)
    expect(await typesOf(2)).toEqual(['linked', 'signed_in'])
    expect(outcomes('login.denied')).toEqual(['unknown'])
  })

  test('a denial that was not answered is one event, once it is found', async () => {
    const token = await start()
    await phone.post('/login/scan', { token })
    lose = { key: /^login:/, loss: 'after', cause: undefined }
    expect((await phone.post('/login/deny', { token })).statusCode).toBe(503)
    expect(await types()).toEqual(['signed_in'])
    lose = undefined
    expect((await phone.post('/login/deny', { token })).statusCode).toBe(200)
    expect(await typesOf(2)).toEqual(['denied', 'signed_in'])
    expect(outcomes('login.denied')).toEqual(['unknown'])
  })

  async function addPasskey() {
    const attestation = createSoftwareAuthenticator({ origin: PUBLIC_URL }).make(
      (await phone.post('/passkeys/options')).json(),
    )
    return phone.post('/passkeys', { attestation })
  }
  const passkeys = async (): Promise<{ id: string }[]> => (await phone.get('/passkeys')).json().passkeys

  test('a passkey whose adding was not answered is told of, once it is found', async () => {
    lose = { key: /^passkey:/, loss: 'after', cause: undefined }
    expect((await addPasskey()).statusCode).toBe(503)
    lose = undefined
    expect(await passkeys()).toHaveLength(1)
    expect(await typesOf(2)).toEqual(['passkey_added', 'signed_in'])
    expect(outcomes('passkey.added')).toEqual(['unknown'])
  })

  test.each<[string, RegExp, Loss, string[]]>([
    ['lost', /^passkey:/, 'before', ['unknown', 'success']],
    ['not answered', /^passkey:/, 'after', ['unknown']],
    ['done, and its place in the list not,', /^passkeys-of:/, 'before', ['success']],
  ])('a removal that was %s is done when it is asked for again, and one event', async (_what, key, loss, said) => {
    const { id } = (await addPasskey()).json()
    await eventsOnce(2)
    lose = { key, loss, cause: undefined }
    expect((await phone.delete(`/passkeys/${id}`)).statusCode).toBe(503)
    lose = undefined
    expect((await phone.delete(`/passkeys/${id}`)).statusCode).toBe(204)
    expect(await passkeys()).toEqual([])
    expect((await phone.delete(`/passkeys/${id}`)).statusCode).toBe(404)
    expect(await typesOf(3)).toEqual(['passkey_removed', 'passkey_added', 'signed_in'])
    expect((await events()).slice(-3).map(({ passkey }) => passkey)).toEqual([id, id, undefined])
    expect(outcomes('passkey.removed')).toEqual(said)
  })

  test('a passkey whose adding or removal was refused is no event and no line', async () => {
    lose = { key: /^passkey:/, loss: 'before', cause: READ_ONLY }
    expect((await addPasskey()).statusCode).toBe(503)
    lose = undefined
    const { id } = (await addPasskey()).json()
    lose = { key: /^passkey:/, loss: 'before', cause: READ_ONLY }
    expect((await phone.delete(`/passkeys/${id}`)).statusCode).toBe(503)
    lose = undefined
    expect(await typesOf(2)).toEqual(['passkey_added', 'signed_in'])
    expect(log.news().flatMap(({ audit, outcome }) => (/^passkey/.test(`${audit}`) ? [[audit, outcome]] : []))).toEqual(
      [['passkey.added', 'success']],
    )
    expect((await passkeys()).map((passkey) => passkey.id)).toEqual([id])
  })

  test('a sign-in that was not answered is no event: nobody is in by it', async () => {
    lose = { key: /^session:/, loss: 'after', cause: undefined }
    const signIn = () => createInjectClient(testApp.app).post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expect((await signIn()).statusCode).toBe(503)
    lose = undefined
    await eventually('it is taken back', async () => (await phone.get('/sessions')).json().sessions.length === 1)
    expect(outcomes('sign_in.succeeded')).toEqual(['success', 'unknown'])
    expect((await signIn()).statusCode).toBe(200)
    expect(await typesOf(2)).toEqual(['signed_in', 'signed_in'])
  })
})

describe('a store that is slow or away for events', () => {
  test('slows no login, fails none, and is told of all of it later', async () => {
    const clock = () => Date.parse('2026-01-01T00:00:00Z')
    const inner = createMemoryStore({ clock })
    let letGo = () => {}
    const blocked = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const store: typeof inner = {
      ...inner,
      async read(key) {
        if (key.startsWith('events-of:')) await blocked
        return inner.read(key)
      },
    }
    await begin({}, { store })
    // Each step is answered while no event can be written.
    for (let count = 0; count < 5; count++) expect((await (await link()).get('/session')).statusCode).toBe(200)
    letGo()
    expect((await eventsOnce(6)).map(({ type }) => type).sort()).toEqual([...Array(5).fill('linked'), 'signed_in'])
  })

  test('is asked again, and what is too much to keep is said to be lost', async () => {
    const log = keepLog()
    const time = { now: Date.parse('2026-01-01T00:00:00Z') }
    const failing = createFailingStore(createMemoryStore({ clock: () => time.now }))
    const records = createEventRecords({ store: failing.store, clock: () => time.now })
    const pauses: { ms: number; end: () => void }[] = []
    const writer = createEventWriter({
      records,
      clock: () => time.now,
      logger: log.logger,
      most: 2,
      schedule(ms, end) {
        const pause = { ms, end }
        pauses.push(pause)
        return () => void pauses.splice(pauses.indexOf(pause), 1)
      },
    })
    const event = { type: 'linked' as const, at: time.now, browser: AT_HOME, ip: '192.0.2.1' }
    failing.failWritesAt(/^events-of:/)
    for (const who of ['ada', 'bob', 'cid']) writer.write(who, { ...event, session: who })
    const rested = (ms: number) => eventually(`a pause of ${ms} ms`, () => pauses.length === 1 && pauses[0]?.ms === ms)
    await rested(1000)
    pauses.splice(0)[0]?.end()
    await rested(2000)
    writer.write('ada', { ...event, session: 'more' })
    failing.mend()
    pauses.splice(0)[0]?.end()
    await eventually('both are written', async () => (await records.list('bob')).length === 1)
    await eventually('also what came meanwhile', async () => (await records.list('ada')).length === 2)
    expect(await records.list('cid')).toEqual([])
    expect(log.text()).toContain('"dropped":1')

    failing.failWritesAt(/^events-of:/)
    writer.write('dot', event)
    await writer.close()
    writer.write('eve', event)
    expect(log.text().match(/"dropped":1/g)).toHaveLength(2)
  })

  test('what waits is written before the process ends', async () => {
    const { store } = testApp
    await link()
    await testApp.app.close()
    expect((await store.read(OF_DEMO))?.value).toMatchObject([{ type: 'linked' }, { type: 'signed_in' }])
    await begin({}, { logger: pino({ level: 'silent' }) })
  })
})
