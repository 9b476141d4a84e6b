import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AUDIT_NAMES } from '../../../server/audit/audit-event.ts'
import { ScanInError } from '../../../server/errors.ts'
import type { OnAccountNews } from '../../../server/identity/account-news.ts'
import { createAccounts, demoAccount } from '../../../server/identity/accounts.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
  type TestParts,
} from '../../support/app.ts'
import { type KeptLog, keepLog, namesOf } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'

const MINUTE = 60_000
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36'
const PUBLIC_ID = expect.stringMatching(/^[\w-]{43}$/)
const REQUEST_ID = expect.stringMatching(/^[\w-]{21}$/)

let log: KeptLog
let testApp: TestApp
let browser: InjectClient
let phone: InjectClient

async function begin(env: Record<string, string> = {}, parts: TestParts = {}, kept = keepLog()): Promise<void> {
  await testApp?.app.close()
  log = kept
  testApp = await createTestApp({ MATCH: 'never', ...env }, { logger: log.logger, ...parts })
  browser = createInjectClient(testApp.app)
  phone = await createInjectPhone(testApp.app)
  log.news()
}
beforeEach(() => begin())
afterEach(() => testApp.app.close())

const start = async (): Promise<string> => (await browser.post('/login')).json().token
const scan = (token: string, by = phone) => by.post('/login/scan', { token })
const confirm = (token: string, by = phone) => by.post('/login/confirm', { token })
const poll = (token: string) => browser.get(`/login/status/${token}`)
const idOf = (token: string) => token.slice(0, 16)

async function approved(): Promise<string> {
  const token = await start()
  await scan(token)
  await confirm(token)
  return token
}

describe("a login's way", () => {
  test('a line for each step that changes something: who, from where, by which browser, on which request', async () => {
    const token = await start()
    expect(log.news()).toEqual([])
    const by = { headers: { origin: 'http://scanin.test', 'user-agent': ANDROID } }
    const scanned = await phone.post('/login/scan', { token }, { ...by, remoteAddress: '192.0.2.7' })
    const who = { outcome: 'success', person: 'demo', login: idOf(token), level: 30, request_id: REQUEST_ID }
    const asPhone = { ...who, address: '192.0.2.7', device: { name: 'Chrome', os: 'Android' }, session: PUBLIC_ID }
    const asked = { browser: { name: 'Unknown browser', os: 'unknown system' }, browser_address: '127.0.0.1' }
    expect(log.news()).toEqual([
      {
        audit: 'login.scanned',
        ...asPhone,
        ...asked,
        time: expect.any(Number),
        request_id: scanned.headers['x-request-id'],
      },
    ])
    await phone.post('/login/confirm', { token }, { ...by, remoteAddress: '192.0.2.7' })
    expect(log.news()).toEqual([
      { audit: 'login.confirmed', ...asPhone, ...asked, reason: 'no_match', time: expect.any(Number) },
    ])
    await poll(token)
    const { request_id: _none, ...signedIn } = who
    expect(log.news()).toEqual([
      {
        audit: 'login.collected',
        ...signedIn,
        address: '127.0.0.1',
        device: asked.browser,
        session: PUBLIC_ID,
        kind: 'browser',
        time: expect.any(Number),
      },
    ])
    const { id } = (await browser.get('/session')).json().session
    expect(log.text()).toContain(`"session":"${id}","kind":"browser"`)
  })

  test('what changes nothing has no line: looks, renewals, repetitions, what is too late or not theirs', async () => {
    const token = await approved()
    log.news()
    await Promise.all([scan(token), confirm(token), scan(token), phone.get(`/login/scan/${token}`)])
    await createInjectClient(testApp.app).get(`/login/status/${token}`)
    await createInjectClient(testApp.app).delete(`/login/${token}`)
    await confirm(`${'u'.repeat(16)}.${'v'.repeat(22)}`)
    const other = await start()
    await browser.post('/login', { token: other })
    await confirm(other)
    expect(log.news()).toEqual([])
  })

  test('of any number who race, one line', async () => {
    const token = await start()
    await Promise.all(Array.from({ length: 10 }, () => scan(token)))
    await Promise.all(Array.from({ length: 10 }, () => confirm(token)))
    await Promise.all(Array.from({ length: 10 }, () => poll(token)))
    await poll(token)
    expect(namesOf(log.news())).toEqual(['login.collected', 'login.confirmed', 'login.scanned'])
  })

  test('digits that match, and that do not, of which the last ends it', async () => {
    await begin({ MATCH: 'always' })
    const token = await start()
    await scan(token)
    const { match_code } = (await confirm(token)).json()
    await confirm(token)
    expect(log.news().at(-1)).toMatchObject({ audit: 'login.confirmed', reason: 'match_required' })
    const wrong = match_code === '000000' ? '111111' : '000000'
    await browser.post('/login/match', { token, match_code: wrong })
    expect(log.news()).toMatchObject([
      { audit: 'login.match_failed', outcome: 'failure', tries_left: 4, login: idOf(token), request_id: REQUEST_ID },
    ])
    for (let tries = 0; tries < 4; tries++) await browser.post('/login/match', { token, match_code: wrong })
    const ended = log.news()
    expect(namesOf(ended)).toEqual(['login.denied', ...Array(3).fill('login.match_failed')])
    expect(ended.at(-1)).toMatchObject({ audit: 'login.denied', outcome: 'failure', reason: 'wrong_match_codes' })

    const second = await start()
    await scan(second)
    const shown = (await confirm(second)).json().match_code
    log.news()
    await browser.post('/login/match', { token: second, match_code: shown })
    expect(log.news()).toMatchObject([
      { audit: 'login.matched', outcome: 'success', person: 'demo', request_id: REQUEST_ID },
      { audit: 'login.collected', outcome: 'success', login: idOf(second), request_id: REQUEST_ID },
    ])
  })

  test('denied, by the phone and by the end of what approved it', async () => {
    const token = await start()
    await scan(token)
    log.news()
    await Promise.all([1, 2, 3].map(() => phone.post('/login/deny', { token })))
    expect(log.news()).toMatchObject([{ audit: 'login.denied', outcome: 'success', reason: 'by_phone' }])
    const second = await approved()
    log.news()
    await phone.post('/sign-out')
    const lines = log.news()
    expect(namesOf(lines)).toEqual(['login.denied', 'session.signed_out'])
    expect(lines.find(({ audit }) => audit === 'login.denied')).toMatchObject({
      reason: 'authority_ended',
      login: idOf(second),
      request_id: REQUEST_ID,
    })
  })

  test("taken over by the person's other phone", async () => {
    const token = await start()
    await scan(token)
    const other = await createInjectPhone(testApp.app)
    log.news()
    await scan(token, other)
    await scan(token, other)
    expect(log.news()).toMatchObject([{ audit: 'login.taken_over', login: idOf(token), person: 'demo' }])
  })

  test('given up by its browser, before somebody scanned it and after', async () => {
    const own = { audit: 'login.cancelled', outcome: 'success', address: '127.0.0.1', request_id: REQUEST_ID }
    const pending = await start()
    await Promise.all([1, 2, 3].map(() => browser.delete(`/login/${pending}`)))
    const [line, ...others] = log.news()
    expect(line).toMatchObject({ ...own, login: idOf(pending) })
    expect(line).not.toHaveProperty('person')
    expect(others).toEqual([])
    const token = await approved()
    log.news()
    await Promise.all([1, 2, 3].map(() => browser.delete(`/login/${token}`)))
    expect(log.news()).toMatchObject([{ ...own, login: idOf(token), person: 'demo' }])
  })

  test('given up once it is over: how it ended has been told', async () => {
    const denied = await start()
    await scan(denied)
    await phone.post('/login/deny', { token: denied })
    const delivered = await approved()
    await poll(delivered)
    log.news()
    for (const token of [denied, delivered]) {
      expect((await browser.delete(`/login/${token}`)).statusCode).toBe(204)
    }
    expect(namesOf(log.news()).filter((name) => name.startsWith('login.'))).toEqual([])
  })

  test.each(['pending', 'scanned'])('expired while %s: once, whichever of two instances finds out', async (status) => {
    const another = await createTestApp({ MATCH: 'never' }, { logger: log.logger, store: testApp.store }, testApp.time)
    const token = await start()
    const [cookie = ''] = [...browser.cookies].map(([name, value]) => `${name}=${value}`)
    const pollBoth = () =>
      Promise.all(
        [testApp.app, another.app, testApp.app].map((app) =>
          app.inject({ url: `/login/status/${token}`, headers: { cookie } }),
        ),
      )
    if (status === 'scanned') await scan(token)
    await pollBoth()
    log.news()
    testApp.time.now += 6 * MINUTE
    expect((await pollBoth()).map(({ body }) => body)).toEqual(Array(3).fill('{"status":"expired"}'))
    await pollBoth()
    await new Promise(setImmediate)
    const lines = log.news()
    expect(lines).toMatchObject([{ audit: 'login.expired', outcome: 'failure', login: idOf(token) }])
    expect(lines[0]?.['person']).toBe(status === 'scanned' ? 'demo' : undefined)
    await another.app.close()
  })

  test("not by another login's browser, whose own one is over", async () => {
    const [own, other] = [await start(), await start()]
    const key = browser.cookies.get(`scanin_${idOf(own)}`)
    for (let times = 0; times < 2; times++) await poll(own)
    await browser.delete(`/login/${other}`)
    log.news()
    testApp.time.now += 6 * MINUTE
    const [, secret] = own.split('.')
    await testApp.app.inject({
      url: `/login/status/${idOf(other)}.${secret}`,
      headers: { cookie: `scanin_${idOf(other)}=${key}` },
    })
    await new Promise(setImmediate)
    expect(log.news()).toEqual([])
  })

  test('a write that the store did not answer may have happened: said as unknown, and not said again', async () => {
    const { store, loseAnswerAt } = storeThatLosesAnswers()
    await begin({}, { store })
    const token = await start()
    await scan(token)
    log.news()
    loseAnswerAt('login:')
    expect((await confirm(token)).statusCode).toBe(503)
    expect((await confirm(token)).statusCode).toBe(200)
    expect(log.news()).toMatchObject([{ audit: 'login.confirmed', outcome: 'unknown', login: idOf(token) }])
  })
})

describe('sessions', () => {
  test('signed in, and out', async () => {
    const fresh = createInjectClient(testApp.app)
    await fresh.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    const [line] = log.news()
    expect(line).toMatchObject({ audit: 'sign_in.succeeded', outcome: 'success', person: 'demo', kind: 'phone' })
    await fresh.post('/sign-out')
    await fresh.post('/sign-out')
    expect(log.news()).toMatchObject([{ audit: 'session.signed_out', session: line?.['session'] }])
  })

  test('of a browser kept by their owner, with a line, however often it is asked for', async () => {
    await poll(await approved())
    const collected = log.news().find(({ audit }) => audit === 'login.collected')
    const own = (await phone.get('/session')).json().session.id
    const id = String(collected?.['session'])
    for (let times = 0; times < 2; times++) await phone.post(`/sessions/${id}/remember`)
    expect(log.news()).toMatchObject([
      { audit: 'session.kept', outcome: 'success', session: id, by_session: own, person: 'demo', kind: 'browser' },
    ])
  })

  test('of a browser that may have been kept: said as unknown, and not said again', async () => {
    const { store, loseAnswerAt } = storeThatLosesAnswers()
    await begin({}, { store })
    await poll(await approved())
    const id = String(log.news().find(({ audit }) => audit === 'login.collected')?.['session'])
    loseAnswerAt('session:')
    expect((await phone.post(`/sessions/${id}/remember`)).statusCode).toBe(503)
    expect((await phone.post(`/sessions/${id}/remember`)).statusCode).toBe(200)
    expect(log.news()).toMatchObject([{ audit: 'session.kept', outcome: 'unknown', session: id, person: 'demo' }])
  })

  test('revoked by their owner, each with a line, also when it is asked for many times at once', async () => {
    const others = await Promise.all([1, 2, 3].map(() => createInjectPhone(testApp.app)))
    const { sessions } = (await phone.get('/sessions')).json()
    const own = sessions.find(({ current }: { current: boolean }) => current).id
    const ids = sessions.map(({ id }: { id: string }) => id).filter((id: string) => id !== own)
    log.news()
    await Promise.all([1, 2, 3].map(() => phone.delete(`/sessions/${ids[0]}`)))
    expect(log.news()).toMatchObject([{ audit: 'session.revoked', session: ids[0], by_session: own, person: 'demo' }])
    await Promise.all([1, 2].map(() => phone.delete('/sessions')))
    const lines = log.news()
    expect(lines.map(({ audit }) => audit)).toEqual(['session.revoked', 'session.revoked'])
    expect(new Set(lines.map(({ session }) => session))).toEqual(new Set(ids.slice(1)))
    expect((await others[0]?.get('/session'))?.statusCode).toBe(401)
  })

  test('replaced by a new one in the same browser, and displaced where a person has too many', async () => {
    await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expect(namesOf(log.news())).toEqual(['session.replaced', 'sign_in.succeeded'])
    await begin({ MAX_SESSIONS: '1' })
    await createInjectPhone(testApp.app)
    expect(log.news()).toMatchObject([
      {
        ...{ audit: 'session.displaced', outcome: 'success', person: 'demo' },
        ...{ address: '127.0.0.1', device: expect.any(Object), request_id: expect.any(String) },
      },
      { audit: 'sign_in.succeeded' },
    ])
  })

  test('tries that went wrong name the account that they were at, and nothing that was typed', async () => {
    await begin({ RATE_SIGN_INS_PER_MINUTE: '1' })
    const guess = (username: string, remoteAddress: string) =>
      createInjectClient(testApp.app).post('/sign-in', { username, password: 'wrong-one-17' }, { remoteAddress })
    await guess('Demo', '192.0.2.1')
    await guess('my secret passphrase', '192.0.2.2')
    await guess('my secret passphrase', '192.0.2.2')
    const lines = log.news()
    expect(lines).toMatchObject([
      { audit: 'sign_in.failed', outcome: 'failure', person: 'demo', address: '192.0.2.1' },
      { audit: 'sign_in.failed', outcome: 'failure', address: '192.0.2.2' },
      { audit: 'sign_in.slowed', outcome: 'failure', address: '192.0.2.2' },
    ])
    expect(lines[1]).not.toHaveProperty('person')
    expect(log.text()).not.toMatch(/passphrase|wrong-one/)
  })
})

describe('who may ask', () => {
  test('accounts that are gone, disabled, or have another password', async () => {
    const people = await Promise.all(
      ['ann', 'bob', 'cyd', 'dan'].map(async (username) => ({
        ...(await demoAccount(DEMO_PASSWORD)),
        username,
        user: { id: username, name: username, credential: 'as-before' },
      })),
    )
    const accounts = createAccounts(people)
    const told: OnAccountNews[] = []
    await begin({}, { followAccounts: (onNews) => void told.push(onNews) })
    const [ann, bob, cyd] = people
    if (ann === undefined || bob === undefined || cyd === undefined) throw new Error('nobody there')
    const now = [
      { ...bob, isDisabled: true },
      { ...cyd, user: { ...cyd.user, credential: 'another' } },
      ...people.slice(3),
    ]
    told[0]?.(accounts.replace(now))
    told[0]?.(accounts.replace(now))
    await eventually('they are told', () => log.text().split('account.ended').length > 3)
    expect(log.news()).toMatchObject([
      { audit: 'account.ended', person: 'ann', reason: 'removed' },
      { audit: 'account.ended', person: 'bob', reason: 'disabled' },
      { audit: 'account.ended', person: 'cyd', reason: 'new_password' },
    ])
  })

  test('bearer tokens that were refused, with why and without the token', async () => {
    await testApp.app.inject({
      url: '/login/confirm',
      method: 'POST',
      headers: { authorization: 'Bearer some.token.here' },
      payload: { token: await start() },
      remoteAddress: '192.0.2.9',
    })
    expect(log.news()).toMatchObject([
      { audit: 'bearer.refused', outcome: 'failure', address: '192.0.2.9', reason: 'it is of no kind that is set up' },
    ])
    expect(log.text()).not.toContain('some.token.here')
  })
})

test.each(['error', 'fatal'])('audit lines are there at LOG_LEVEL=%s too', async (level) => {
  await begin({}, {}, keepLog(level))
  await approved()
  expect(namesOf(log.news())).toContain('login.confirmed')
  expect(log.text()).not.toContain('"msg":"request"')
})

test('a silent log has none', async () => {
  await begin({}, {}, keepLog('silent'))
  await approved()
  expect(log.text()).toBe('')
})

test('docs/operations.md explains every name that there is, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
  const [, section = ''] = text.split('### Audit lines')
  const [table = ''] = section.split('\n### ')
  const named = [...table.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map(([, name]) => name)
  expect(named).toEqual([...AUDIT_NAMES])
})

/** A store whose next write at a key that begins so is done and not answered. */
function storeThatLosesAnswers(): { store: RecordStore; loseAnswerAt(prefix: string): void } {
  const inner = createMemoryStore({ clock: () => testApp.time.now })
  let losesAt: string | undefined
  return {
    store: {
      ...inner,
      async write(key, value, options) {
        const isDone = await inner.write(key, value, options)
        if (losesAt === undefined || !key.startsWith(losesAt)) return isDone
        losesAt = undefined
        throw new ScanInError('store_unavailable')
      },
    },
    loseAnswerAt(prefix) {
      losesAt = prefix
    },
  }
}
