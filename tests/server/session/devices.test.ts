import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  createInjectClient,
  createInjectPhone,
  createTestApp,
  type InjectClient,
  type TestApp,
} from '../../support/app.ts'

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
async function link(by = phone, remoteAddress = '127.0.0.1'): Promise<{ browser: InjectClient; login: string }> {
  const browser = createInjectClient(testApp.app)
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
    const news = async (client: InjectClient) => (await listed(client)).filter((one) => one.new).map((one) => one.id)
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
