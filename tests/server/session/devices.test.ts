import { beforeEach, describe, expect, test } from '@jest/globals'
import { createAccounts, demoAccount } from '../../../server/identity/accounts.ts'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'
import { DEMO_PASSWORD } from '../../support/service.ts'

let testApp: TestApp
let phone: InjectClient

beforeEach(async () => {
  testApp = await createTestApp(
    { MATCH: 'never' },
    { placeOf: (address) => (address === '192.0.2.7' ? 'Berlin, Germany' : undefined) },
  )
  phone = await createInjectPhone(testApp.app)
})

/** A browser that a phone has just signed in, and the login that it came by. */
async function link(
  by = phone,
  remoteAddress = '127.0.0.1',
  browser = createInjectClient(testApp.app),
): Promise<{ browser: InjectClient; login: string }> {
  const { token } = (await browser.post('/login', undefined, { remoteAddress })).json()
  await by.post('/login/scan', { token })
  await by.post('/login/confirm', { token })
  await browser.get(`/login/status/${token}`)
  return { browser, login: token.slice(0, 16) }
}

interface Listed {
  id: string
  name?: string
  kind: string
  new: boolean
  current: boolean
}
const listed = async (client: InjectClient): Promise<Listed[]> => (await client.get('/sessions')).json().sessions
const newest = async (client: InjectClient): Promise<Listed> => {
  const [first] = await listed(client)
  if (first === undefined) throw new Error('no session')
  return first
}
const news = async (client: InjectClient) => (await listed(client)).filter((one) => one.new).map((one) => one.id)
const signIn = (client: InjectClient, username = 'demo') =>
  client.post('/sign-in', { username, password: DEMO_PASSWORD })
const isSignedIn = async (client: InjectClient) => (await client.get('/session')).statusCode === 200

describe('a device', () => {
  test('has a name that its owner gives it, from either side, and loses it again', async () => {
    testApp.time.now += 1000
    const { browser } = await link()
    const { id, name } = await newest(phone)
    expect(name).toBeUndefined()
    const renamed = await phone.patch(`/sessions/${id}`, { name: 'Kitchen laptop' })
    expect([renamed.statusCode, renamed.json()]).toEqual([200, await newest(phone)])
    expect(renamed.json()).toMatchObject({ id, name: 'Kitchen laptop', current: false, kind: 'browser' })
    expect((await listed(browser)).map(({ name }) => name)).toEqual(['Kitchen laptop', undefined])
    // Used, it keeps it.
    testApp.time.now += 600_000
    expect(await isSignedIn(browser)).toBe(true)
    expect((await newest(phone)).name).toBe('Kitchen laptop')
    await browser.patch(`/sessions/${id}`, { name: 'Zoe\u0301' })
    expect((await newest(phone)).name).toBe('Zo\u00e9')
    await phone.patch(`/sessions/${id}`, { name: '' })
    expect((await newest(phone)).name).toBeUndefined()
  })

  test.each(['', ' ', ' x', 'x ', 'a\nb', 'a\u0000', 'admin\u202egnp', '\u200b', 'x'.repeat(65)].slice(1))(
    'is called nothing that a name cannot be: %j',
    async (name) => {
      const { id } = await newest(phone)
      const reply = await phone.patch(`/sessions/${id}`, { name })
      expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request'])
      expect((await newest(phone)).name).toBeUndefined()
    },
  )

  test('that has ended, or never was, cannot be called anything', async () => {
    testApp.time.now += 1000
    await link()
    const { id } = await newest(phone)
    await phone.delete(`/sessions/${id}`)
    for (const gone of [id, 'x'.repeat(43), 'x'.repeat(65)]) {
      const reply = await phone.patch(`/sessions/${gone}`, { name: 'Ghost' })
      expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found'])
    }
  })

  test('is listed with where it was signed in from, and by which login', async () => {
    testApp.time.now += 1000
    const { login } = await link(phone, '192.0.2.7')
    expect(await newest(phone)).toMatchObject({ ip: '192.0.2.7', place: 'Berlin, Germany', login })
    expect((await listed(phone)).at(-1)).not.toHaveProperty('place')
  })
})

describe('what is new', () => {
  test('is what was signed in since a device was last visited, to each device by itself', async () => {
    const other = await createInjectPhone(testApp.app)
    testApp.time.now += 1000
    const { browser } = await link()
    const { id } = await newest(phone)
    expect(await news(phone)).toEqual([id])
    expect(await news(other)).toEqual([id])
    expect(await news(browser)).toEqual([])

    const until = new Date(testApp.time.now).toISOString()
    expect((await phone.post('/events/seen', { until })).statusCode).toBe(204)
    expect(await news(phone)).toEqual([])
    expect(await news(other)).toEqual([id])
    testApp.time.now += 1000
    await link()
    const second = (await newest(phone)).id
    expect(await news(phone)).toEqual([second])
    expect(await news(other)).toEqual([second, id])
  })

  test('is never taken back, nor said of the time to come', async () => {
    testApp.time.now += 1000
    await link()
    const seen = (moment: number) => phone.post('/events/seen', { until: new Date(moment).toISOString() })
    await seen(testApp.time.now + 3_600_000)
    testApp.time.now += 1000
    await link()
    expect(await newest(phone)).toMatchObject({ new: true })
    await seen(testApp.time.now)
    await seen(testApp.time.now - 5000)
    expect(await newest(phone)).toMatchObject({ new: false })
  })

  /** Events that are new to a device, once there are so many in all. */
  const newEvents = async (client: InjectClient, count: number) => {
    interface Event {
      session: string
      new: boolean
    }
    const all = await eventually(`${count} events`, async () => {
      const { events } = (await client.get('/events')).json<{ events: Event[] }>()
      return events.length === count && events
    })
    return all.filter((event) => event.new).map(({ session }) => session)
  }

  test('stays so where its person signs in anew on the device, whose own sign-ins are none of it', async () => {
    testApp.time.now += 1000
    await createInjectPhone(testApp.app)
    const { id } = await newest(phone)
    for (let events = 3; events < 6; events++) {
      testApp.time.now += 1000
      expect((await signIn(phone)).statusCode).toBe(200)
      expect(await news(phone)).toEqual([id])
      expect(await newEvents(phone, events)).toEqual([id])
    }
    await phone.post('/events/seen', { until: new Date(testApp.time.now).toISOString() })
    testApp.time.now += 1000
    await signIn(phone)
    expect(await news(phone)).toEqual([])
    expect(await newEvents(phone, 6)).toEqual([])
  })

  test('stays so in a browser that is signed in anew', async () => {
    const { browser } = await link()
    testApp.time.now += 1000
    await createInjectPhone(testApp.app)
    const { id } = await newest(phone)
    for (let events = 4; events < 6; events++) {
      testApp.time.now += 1000
      await link(phone, undefined, browser)
      expect(await news(browser)).toEqual([id])
      expect(await newEvents(browser, events)).toEqual([id])
    }
  })

  test('is nothing from before a sign-in where nobody was signed in, or somebody else', async () => {
    const demo = await demoAccount(DEMO_PASSWORD)
    const ada = { ...demo, username: 'ada', user: { id: 'ada', name: 'Ada' } }
    testApp = await createTestApp({ MATCH: 'never' }, { accounts: createAccounts([demo, ada]) })
    phone = await createInjectPhone(testApp.app)
    testApp.time.now += 1000
    await createInjectPhone(testApp.app)
    await createInjectPhone(testApp.app, 'ada')
    testApp.time.now += 1000
    const { id } = (await listed(phone)).find(({ current }) => current) ?? {}
    const cookies = new Map(phone.cookies)
    await signIn(phone, 'ada')
    expect(await listed(phone)).toHaveLength(2)
    expect(await news(phone)).toEqual([])
    // By a cookie of theirs that has ended.
    for (const [name, value] of cookies) phone.cookies.set(name, value)
    await signIn(phone)
    expect(await listed(phone)).not.toContainEqual(expect.objectContaining({ id }))
    expect(await news(phone)).toEqual([])
  })

  test.each(['', 'yesterday', '2026-13-45T00:00:00Z'])('cannot be said of no moment: %j', async (until) => {
    const reply = await phone.post('/events/seen', { until })
    expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request'])
  })
})

describe('signing out', () => {
  test('all browsers leaves the phones, and the browser that asks', async () => {
    const other = await createInjectPhone(testApp.app)
    const { browser } = await link()
    await link()
    expect((await browser.delete('/sessions?kind=browser')).json()).toEqual({ revoked: 1 })
    expect(await isSignedIn(browser)).toBe(true)
    expect((await phone.delete('/sessions?kind=browser')).json()).toEqual({ revoked: 1 })
    expect(await isSignedIn(browser)).toBe(false)
    expect(await isSignedIn(other)).toBe(true)
    expect((await phone.delete('/sessions?kind=phone')).json()).toEqual({ revoked: 1 })
    expect(await isSignedIn(other)).toBe(false)
    expect(await isSignedIn(phone)).toBe(true)
  })

  test.each(['?kind=browsers', '?kind=', '?kind=browser&kind=phone'])(
    'what nobody understands is refused, and ends nobody: %s',
    async (query) => {
      const { browser } = await link()
      const reply = await phone.delete(`/sessions${query}`)
      expect([reply.statusCode, reply.json().code]).toEqual([400, 'invalid_request'])
      expect(await isSignedIn(browser)).toBe(true)
    },
  )
})
