import { expect, test } from '@jest/globals'
import { createTestPeople } from '../support/app.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { browserKeyOf, expectProblem, keyCookieOf } from './seen.ts'

/** T18: who polls far too fast is told so, loses nothing by it, and slows nobody else. */

function hammer(client: Client, token: string, times: number, cookie?: string): Promise<Reply[]> {
  const call = cookie === undefined ? {} : { cookie }
  return Promise.all(Array.from({ length: times }, () => client.get(`/login/status/${token}`, call)))
}

/** The longest interval: even on the slowest machine the polls of a burst are faster than that. */
const INTERVAL_SECONDS = 60

onEveryStore({ POLL_HOLD_SECONDS: '0', POLL_INTERVAL_SECONDS: String(INTERVAL_SECONDS) }, (stage) => {
  test('T18 polls far faster than the interval are told to slow down, with how long to wait', async () => {
    const browser = stage.browser()
    const token = await startLogin(browser)
    const replies = await hammer(browser, token, 80)
    const refused = replies.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(50)
    for (const reply of refused) {
      expectProblem(reply, 429, 'slow_down')
      const wait = Number(reply.headers['retry-after'])
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(INTERVAL_SECONDS)
    }
    // Some are answered: a tab that wakes up, or a network that comes back, is no attack.
    expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3)
  })

  test('T18 the end of a login is told even to a client that was told to slow down', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    for (const end of ['approved', 'denied']) {
      const token = await startLogin(browser)
      await scan(phone, token)
      const before = await hammer(browser, token, 40)
      expect(before.some(({ status }) => status === 429)).toBe(true)
      await phone.post(end === 'approved' ? '/login/confirm' : '/login/deny', { token })
      const reply = await browser.get(`/login/status/${token}`)
      expect(reply.json.status).toBe(end === 'approved' ? 'authenticated' : 'denied')
    }
  })

  test("T18 no other login is slowed: not another tab's, not another browser's behind the same address", async () => {
    const [browser, other] = [stage.browser(), stage.browser()]
    const [hammered, tab] = [await startLogin(browser), await startLogin(browser)]
    const elsewhere = await startLogin(other)
    const storm = hammer(browser, hammered, 150)
    const calm = await Promise.all([
      browser.get(`/login/status/${tab}`),
      other.get(`/login/status/${elsewhere}`),
      stage.browser().post('/login'),
      stage.phone().then((phone) => phone.get('/session')),
    ])
    expect(calm.map(({ status }) => status)).toEqual([200, 200, 201, 200])
    expect((await storm).some(({ status }) => status === 429)).toBe(true)
    expect((await browser.get(`/login/status/${tab}`)).json.status).toBe('pending')
    expect((await other.get(`/login/status/${elsewhere}`)).json.status).toBe('pending')
  })

  test("T18 a stranger with the token cannot use up the right browser's polls", async () => {
    const browser = stage.browser()
    const token = await startLogin(browser)
    const almost = browserKeyOf(browser, token).replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))
    const cookies = ['', 'k'.repeat(43), token, almost].map((key) => key && `${keyCookieOf(token)}=${key}`)
    for (const cookie of cookies) {
      for (const reply of await hammer(stage.browser(), token, 60, cookie)) {
        expect([200, 429]).toContain(reply.status)
        if (reply.status === 200) expect(reply.text).toBe('{"status":"expired"}')
      }
    }
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.status).toBe(200)
    expect(reply.json.status).toBe('pending')
  })

  test('T18 asking for new codes as fast as one can is told to slow down too, and costs no login', async () => {
    const browser = stage.browser()
    const token = await startLogin(browser)
    const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
    const statuses: number[] = []
    let current = token
    for (let round = 0; round < 30; round++) {
      const reply = await browser.post('/login', { token: current }, { cookie })
      statuses.push(reply.status)
      current = reply.json.token ?? current
    }
    expect(statuses).toContain(429)
    expect(new Set(statuses)).toEqual(new Set([201, 429]))
    expect(current.slice(0, 16)).toBe(token.slice(0, 16))
    expect((await browser.get(`/login/status/${current}`)).json.status).toBe('pending')
  })

  test('T18 a phone that hammers its own poll is told to slow down, and can still confirm', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    const replies = await Promise.all(Array.from({ length: 60 }, () => phone.get(`/login/scan/${token}`)))
    const refused = replies.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(30)
    for (const reply of refused) expectProblem(reply, 429, 'slow_down')
    expect((await phone.post('/login/confirm', { token })).json.status).toBe('authenticated')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('authenticated')
  })
})

test('T18 the login survives, and a client that waits as it is told, and then keeps to the interval, is not refused again', async () => {
  const { testApp, browser, phone } = await createTestPeople({ POLL_HOLD_SECONDS: '0', MATCH: 'never' })
  const { token, interval } = (await browser.post('/login')).json()
  const poll = () => browser.get(`/login/status/${token}`)
  const pass = (seconds: number) => {
    testApp.time.now += seconds * 1000
  }
  for (let polls = 0; polls < 60; polls++) await poll()
  const refused = await poll()
  expect([refused.statusCode, refused.json().code]).toEqual([429, 'slow_down'])
  pass(Number(refused.headers['retry-after']))
  expect((await poll()).json().status).toBe('pending')
  for (let polls = 0; polls < 20; polls++) {
    pass(interval)
    expect((await poll()).json().status).toBe('pending')
  }
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  expect((await poll()).json().status).toBe('authenticated')
})

onEveryStore({ POLL_HOLD_SECONDS: '25', POLL_INTERVAL_SECONDS: '1' }, (stage) => {
  test('T18 held polls that a client piles up hold nobody else up', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), stage.browser()]
    const [piled, quick] = [await startLogin(browser), await startLogin(other)]
    let isOver = false
    // Each polls again as soon as its hold is over: so the pile is there, however long the others take.
    const held = Array.from({ length: 100 }, async () => {
      const statuses: number[] = []
      do statuses.push((await browser.get(`/login/status/${piled}?seen=pending&wait=25`)).status)
      while (!isOver)
      return statuses
    })
    await approve(phone, quick)
    expect((await other.get(`/login/status/${quick}?seen=pending&wait=25`)).json.status).toBe('authenticated')
    isOver = true
    // The piled login ends, and its polls with it: nobody has to wait for the rest of a hold.
    await browser.delete(`/login/${piled}`)
    for (const status of (await Promise.all(held)).flat()) expect([200, 429]).toContain(status)
  })
})
