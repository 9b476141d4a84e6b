import { describe, expect, test } from '@jest/globals'
import { createInjectClient, createTestApp, createTestPeople, PUBLIC_URL } from '../../../support/app.ts'

const key = 'k'.repeat(43)
const nameOf = (number: number) => `scanin_${String(number).padStart(16, '0')}`
const keys = (count: number) => Array.from({ length: count }, (_, at) => `${nameOf(at)}=${key}`)

async function startWith(cookie: string) {
  const { app } = await createTestApp()
  const reply = await app.inject({ method: 'POST', url: '/login', headers: { origin: PUBLIC_URL, cookie } })
  await app.close()
  expect(reply.statusCode).toBe(201)
  const cleared = reply.cookies.filter(({ maxAge }) => maxAge === 0).map(({ name }) => name)
  return { cleared, made: reply.cookies.filter(({ maxAge }) => maxAge !== 0).map(({ name }) => name) }
}

describe('a browser that starts a login', () => {
  test.each([
    [0, []],
    [4, []],
    [5, [nameOf(0)]],
    [7, [nameOf(0), nameOf(1), nameOf(2)]],
  ])('with %i keys loses the oldest, so that five are left', async (count, cleared) => {
    const reply = await startWith(keys(count).join('; '))
    expect(reply.cleared).toEqual(cleared)
    expect(reply.made).toHaveLength(1)
  })

  test('keeps its session and whatever else the host has set', async () => {
    const others = [`scanin_session=${key}`, `other_0000000000000000=${key}`, 'scanin_0000000000000009=short', 'a']
    const odd = [`\u00a0${nameOf(90)}=${key}`, `x${nameOf(91)}=${key}`, `${nameOf(92)}0=${key}`]
    expect((await startWith([...others, ...odd, ...keys(5)].join('; '))).cleared).toEqual([nameOf(0)])
  })

  test('that has collected very many is freed of them over a few logins, by replies that every proxy takes', async () => {
    const { app } = await createTestApp()
    const browser = createInjectClient(app)
    for (const pair of keys(100)) browser.cookies.set(pair.slice(0, 23), key)
    for (let load = 0; load < 6; load++) {
      const { headers } = await browser.post('/login')
      expect([headers['set-cookie']].flat().join().length).toBeLessThan(2500)
    }
    expect(browser.cookies.size).toBe(5)
    await app.close()
  })

  test('loses none when it renews a QR', async () => {
    const { app } = await createTestApp()
    const browser = createInjectClient(app)
    const { token } = (await browser.post('/login')).json()
    for (const pair of keys(8)) browser.cookies.set(pair.slice(0, 23), key)
    const renewed = await browser.post('/login', { token })
    expect(renewed.cookies).toEqual([])
    await app.close()
  })

  test('keeps the key of the one that its phone has scanned, whose QR it renews too late', async () => {
    const { testApp, browser, phone } = await createTestPeople({ MATCH: 'never' })
    const { token } = (await browser.post('/login')).json()
    for (let tabs = 1; tabs < 5; tabs++) await browser.post('/login')
    await phone.post('/login/scan', { token })
    expect((await browser.post('/login', { token })).json().token).not.toBe(token)
    expect(browser.cookies.size).toBe(5)
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('scanned')
    await phone.post('/login/confirm', { token })
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('authenticated')
    await testApp.app.close()
  })

  test('loses that of the one it asks about where that is over, and none of a tab that waits', async () => {
    const { testApp, browser, phone } = await createTestPeople({ MATCH: 'never' })
    const { token } = (await browser.post('/login')).json()
    const tabs: string[] = []
    for (let tab = 1; tab < 5; tab++) tabs.push((await browser.post('/login')).json().token)
    await phone.post('/login/scan', { token })
    await phone.post('/login/deny', { token })
    await browser.post('/login', { token })
    for (const tab of tabs) expect((await browser.get(`/login/status/${tab}`)).json().status).toBe('pending')
    expect((await browser.get(`/login/status/${token}`)).json().status).toBe('expired')
    await testApp.app.close()
  })

  test('never carries more than five, however many pages it loads, and the last five can go on', async () => {
    const { app } = await createTestApp()
    const browser = createInjectClient(app)
    const tokens: string[] = []
    for (let load = 0; load < 30; load++) {
      tokens.push((await browser.post('/login')).json().token)
      expect(browser.cookies.size).toBeLessThanOrEqual(5)
    }
    const states = await Promise.all(
      tokens.slice(-6).map(async (token) => (await browser.get(`/login/status/${token}`)).json().status),
    )
    expect(states).toEqual(['expired', 'pending', 'pending', 'pending', 'pending', 'pending'])
    await app.close()
  })
})
