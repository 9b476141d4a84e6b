import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loginIdOf } from '../../web/src/wire/scan-link.ts'
import { enterApplication, writeApps } from '../support/applications.ts'
import { untilHoldEnds } from '../support/held-poll.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { approve, scan, signInBrowser, startLogin, wrongNumber } from '../support/login-flow.ts'
import { startTwoInstances, type TwoInstances } from '../support/two-instances.ts'

/** The longest that there is, and one that is a little shorter. */
const HOLD_SECONDS = 25
const SHORTER_SECONDS = 23
const WIKI = 'http://wiki.test'

let site: TwoInstances
let matching: TwoInstances

beforeAll(async () => {
  const env = { POLL_HOLD_SECONDS: String(HOLD_SECONDS), APPS_FILE: writeApps([{ origin: WIKI }]).path }
  // Who calls an instance past the proxy comes from the proxy's address, and so from nowhere known.
  ;[site, matching] = await Promise.all([
    startTwoInstances({ ...env, MATCH: 'never' }),
    startTwoInstances({ ...env, MATCH: 'always' }),
  ])
})
afterAll(() => Promise.all([site?.stop(), matching?.stop()]))

/** A poll held at each instance, so that one of them is held where the next event does not come in. */
async function holdAtBoth(client: Client, path: string, seen: string): Promise<() => Promise<Reply[]>> {
  const isHeld = await holdElsewhere()
  const held = Promise.all([0, 1].map(() => client.get(`${path}?seen=${seen}&wait=${HOLD_SECONDS}`)))
  // An instance that has answered these has the ones before in hand.
  for (const poll of [await client.get(path), await client.get(path)]) expect(poll.json.status).toBe(seen)
  return async () => {
    const replies = await held
    // They were woken: a shorter hold that began before them has not come to its end yet.
    expect(isHeld()).toBe(true)
    return replies
  }
}

/** A poll held for less long than the others, that nothing happens to. @returns whether it still is */
async function holdElsewhere(): Promise<() => boolean> {
  const bystander = createClient(site.url)
  const token = await startLogin(bystander)
  let isHeld = true
  const end = () => {
    isHeld = false
  }
  const ask = (seconds: number) => bystander.get(`/login/status/${token}?seen=pending&wait=${seconds}`)
  untilHoldEnds(ask, SHORTER_SECONDS).then(end, end)
  return () => isHeld
}

const sessionIds = (list: Reply): string[] => list.json.sessions.map((session: { id: string }) => session.id)

/** Asks twice, which is once at each instance. */
async function statusesAtBoth(client: Client, path: string): Promise<number[]> {
  return [(await client.get(path)).status, (await client.get(path)).status]
}

type Origins = (place: TwoInstances) => string[]
const eachInTurn: Origins = ({ instances }) => instances

const browserAt = (place: TwoInstances, origins = eachInTurn) => createClient(origins(place), place.url)
const phoneAt = (place: TwoInstances, origins = eachInTurn) => createPhone(origins(place), place.url)

describe.each<{ where: string; origins: Origins }>([
  { where: 'behind nginx without sticky sessions', origins: ({ url }) => [url] },
  { where: 'with each request to the other instance', origins: eachInTurn },
])('$where', ({ origins }) => {
  test('a login goes its whole way', async () => {
    const browser = browserAt(site, origins)
    const phone = await phoneAt(site, origins)
    const token = await startLogin(browser)
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')

    const request = await phone.post('/login/scan', { token })
    expect(request.json).toMatchObject({ status: 'scanned', token, ip: '127.0.0.1', origin: site.url, match: 'none' })
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
    expect((await phone.get(`/login/scan/${token}`)).json.status).toBe('scanned')

    expect((await phone.post('/login/confirm', { token })).json).toEqual({ status: 'authenticated' })
    const collected = await browser.get(`/login/status/${token}`)
    expect(collected.json).toMatchObject({ status: 'authenticated' })
    for (let turn = 0; turn < 2; turn++) {
      const { status, json } = await browser.get('/session')
      expect([status, json?.user?.id, json?.session?.kind]).toEqual([200, 'demo', 'browser'])
    }
  })

  test('what happens at one instance wakes the poll that another one holds', async () => {
    const browser = browserAt(site, origins)
    const phone = await phoneAt(site, origins)
    const token = await startLogin(browser)
    const path = `/login/status/${token}`
    const scanned = await holdAtBoth(browser, path, 'pending')
    await scan(phone, token)
    for (const reply of await scanned()) expect(reply.json.status).toBe('scanned')

    const confirmed = await holdAtBoth(browser, path, 'scanned')
    await phone.post('/login/confirm', { token })
    for (const reply of await confirmed()) expect(reply.json.status).toBe('authenticated')
  })
})

test('polls that race for an approved login get one and the same session', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  const token = await startLogin(browser)
  await approve(phone, token)
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')

  const polls = await Promise.all(Array.from({ length: 8 }, () => browser.get(`/login/status/${token}`, { cookie })))
  expect(polls.map((poll) => poll.json?.status)).toEqual(polls.map(() => 'authenticated'))
  const sessions = polls.map((poll) => poll.setCookies.find((line) => line.startsWith('scanin_session=')))
  expect(new Set(sessions.map((line) => line?.split(';')[0])).size).toBe(1)
})

test('a denial wakes a held poll, and the code is dead at both', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  const token = await startLogin(browser)
  await scan(phone, token)
  const denied = await holdAtBoth(browser, `/login/status/${token}`, 'scanned')
  expect((await phone.post('/login/deny', { token })).json).toEqual({ status: 'denied' })
  for (const reply of await denied()) expect(reply.json.status).toBe('denied')
  const late = [await phone.post('/login/confirm', { token }), await phone.post('/login/confirm', { token })]
  expect(late.map(({ status }) => status >= 400)).toEqual([true, true])
})

test('a session that the phone signs out is refused on the very next request', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  await signInBrowser(browser, phone)
  const { id } = (await browser.get('/session')).json.session
  // Applications' proxies reach an instance without the nginx, which says that they ask about itself.
  const [first = '', second = ''] = site.instances
  const direct = createClient(first, site.url)
  for (const [name, value] of browser.cookies) direct.cookies.set(name, value)
  const ask = await enterApplication(direct, WIKI)
  const askedAtBoth = async () => [(await ask()).status, (await ask(createClient(second))).status]
  // Both have the session fresh in mind.
  const atBoth = async () => [...(await statusesAtBoth(browser, '/session')), ...(await askedAtBoth())]
  expect(await atBoth()).toEqual([200, 200, 200, 200])
  expect(sessionIds(await phone.get('/sessions'))).toContain(id)

  expect((await phone.delete(`/sessions/${id}`)).status).toBe(204)
  expect(await atBoth()).toEqual([401, 401, 401, 401])
  expect(sessionIds(await phone.get('/sessions'))).not.toContain(id)
})

test('signing all others out leaves this one alone, everywhere', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  await signInBrowser(browser, phone)
  const reply = await phone.delete('/sessions')
  expect(reply.json.revoked).toBeGreaterThanOrEqual(1)
  expect(await statusesAtBoth(browser, '/session')).toEqual([401, 401])
  expect(await statusesAtBoth(phone, '/session')).toEqual([200, 200])
})

test('a code renewed at one instance is known to the other, with the same cookie', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  const old = await startLogin(browser)
  const cookies = [...browser.cookies]
  const renewed = await browser.post('/login', { token: old })
  expect(renewed.status).toBe(201)
  expect(renewed.json.token).not.toBe(old)
  expect(loginIdOf(renewed.json.token)).toBe(loginIdOf(old))
  expect([...browser.cookies]).toEqual(cookies)

  await approve(phone, renewed.json.token)
  expect((await browser.get(`/login/status/${renewed.json.token}`)).json.status).toBe('authenticated')
})

test('the match code is shown by one instance and taken by another', async () => {
  const browser = browserAt(matching)
  const phone = await phoneAt(matching)
  const token = await startLogin(browser)
  expect((await phone.post('/login/scan', { token })).json.match).toBe('code')
  const { status, match_code: matchCode } = (await phone.post('/login/confirm', { token })).json
  expect([status, matchCode]).toEqual(['match_required', expect.stringMatching(/^\d{6}$/)])

  const wrongCode = wrongNumber(matchCode)
  for (const triesLeft of [4, 3]) {
    const wrong = await browser.post('/login/match', { token, match_code: wrongCode })
    expect([wrong.status, wrong.json.code, wrong.json.tries_left]).toEqual([422, 'wrong_match_code', triesLeft])
  }
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({
    status: 'match_required',
    tries_left: 3,
  })
  const right = await browser.post('/login/match', { token, match_code: matchCode })
  expect(right.json.status).toBe('authenticated')
  expect(await statusesAtBoth(browser, '/session')).toEqual([200, 200])
})

test('the right match code wakes the phone that waits for it', async () => {
  const browser = browserAt(matching)
  const phone = await phoneAt(matching)
  const token = await startLogin(browser)
  await scan(phone, token)
  const { match_code: matchCode } = (await phone.post('/login/confirm', { token })).json
  const matched = await holdAtBoth(phone, `/login/scan/${token}`, 'match_required')
  await browser.post('/login/match', { token, match_code: matchCode })
  for (const reply of await matched()) expect(reply.json.status).toBe('authenticated')
})

test('the typed code is made by one instance and taken by another', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  const token = await startLogin(browser)
  const { user_code: userCode } = (await browser.post('/login/user-code', { token })).json
  const request = await phone.post('/login/scan', { user_code: userCode })
  expect(request.status).toBe(200)
  // The phone is given a token of its own to go on with; it need not be the one in the picture.
  expect((await phone.post('/login/confirm', { token: request.json.token })).json.status).toBe('authenticated')
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
})

test('no phone but the one that scanned has the login, whichever instance it asks', async () => {
  const browser = browserAt(site)
  const phone = await phoneAt(site)
  const other = await phoneAt(site)
  const token = await startLogin(browser)
  await scan(phone, token)
  for (const step of ['confirm', 'deny']) {
    const refusals = [await other.post(`/login/${step}`, { token }), await other.post(`/login/${step}`, { token })]
    expect(refusals.map(({ status, json }) => [status, json.code])).toEqual(refusals.map(() => [409, 'not_scanned']))
  }
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('scanned')
})
