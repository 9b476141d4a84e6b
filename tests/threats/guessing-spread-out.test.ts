import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, type TestAccount, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { expectProblem } from './seen.ts'

/** T25: guessing that comes from many places, or at many accounts. Slowed, and nobody else refused for it. */

const RIGHT = { username: 'demo', password: DEMO_PASSWORD }
const WRONG = { username: 'demo', password: 'wrong' }

const from = (address: string) => ({ headers: { 'x-forwarded-for': address }, cookie: '' })
const statuses = (replies: Reply[]) => replies.map(({ status }) => status)
const counted = (replies: Reply[], status: number) => replies.filter((reply) => reply.status === status).length

function signInFrom(client: Client, addresses: string[], body: object): Promise<Reply[]> {
  return Promise.all(addresses.map((address) => client.post('/sign-in', body, from(address))))
}

onEveryStore({ TRUST_PROXY: '127.0.0.1', RATE_LOGINS_PER_MINUTE: '0', RATE_SIGN_INS_PER_MINUTE: '10' }, (stage) => {
  describe('right passwords', () => {
    test('T25 twelve devices of a person behind one address sign in at once, and again', async () => {
      const address = '198.51.100.1'
      const people = () => signInFrom(stage.browser(), Array(12).fill(address), RIGHT)
      expect(statuses(await people())).toEqual(Array(12).fill(200))
      expect(statuses(await people())).toEqual(Array(12).fill(200))
    })

    test('T25 where a person was signed in to, others` wrong passwords do not keep them out', async () => {
      const address = '198.51.100.2'
      expect(statuses(await signInFrom(stage.browser(), [address], RIGHT))).toEqual([200])
      const strangers = Array.from({ length: 12 }, (_, at) => ({ username: `stranger ${at}`, password: 'wrong' }))
      const replies: Reply[] = []
      for (const body of strangers) replies.push(...(await signInFrom(stage.browser(), [address], body)))
      expectProblem(replies.at(-1) as Reply, 429, 'slow_down')
      expect(statuses(await signInFrom(stage.browser(), [address], RIGHT))).toEqual([200])
    })

    test('T25 where a person was never signed in to, others` wrong passwords only make them wait a little', async () => {
      const address = '198.51.100.4'
      const strangers = Array.from({ length: 10 }, (_, at) => ({ username: `neighbour ${at}`, password: 'wrong' }))
      for (const body of strangers) expect(statuses(await signInFrom(stage.browser(), [address], body))).toEqual([401])
      const [again] = await signInFrom(stage.browser(), [address], { username: 'neighbour 99', password: 'wrong' })
      expectProblem(again as Reply, 429, 'slow_down')
      expect(Number(again?.headers['retry-after'])).toBeGreaterThan(0)
      expect(statuses(await signInFrom(stage.browser(), [address], RIGHT))).toEqual([200])
    })

    test('T25 and that is no way around the limit: the pair of account and address has failures of its own', async () => {
      const address = '198.51.100.3'
      await signInFrom(stage.browser(), [address], RIGHT)
      const replies = await signInFrom(stage.browser(), Array(15).fill(address), WRONG)
      expect(counted(replies, 401)).toBe(10)
      expectProblem(replies.at(-1) as Reply, 429, 'slow_down')
    })
  })

  test('T25 wrong passwords for one account from 120 networks at once are slowed, and the right one still gets in', async () => {
    const familiar = '192.0.2.200'
    await signInFrom(stage.browser(), [familiar], RIGHT)
    const everywhere = Array.from({ length: 120 }, (_, at) => `203.0.${at}.1`)
    const replies = await signInFrom(stage.browser(), everywhere, WRONG)
    // Twice as many as one address may have, less those of the test before. On a slow machine this takes more than a
    // minute, and then as many again.
    expect(counted(replies, 401)).toBeGreaterThanOrEqual(10)
    expect(counted(replies, 401)).toBeLessThanOrEqual(40)
    for (const reply of replies.filter(({ status }) => status !== 401)) {
      expectProblem(reply, 429, 'slow_down')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(statuses(await signInFrom(stage.browser(), ['198.18.0.1'], RIGHT))).toEqual([200])
    expect(statuses(await signInFrom(stage.browser(), [familiar], RIGHT))).toEqual([200])
  })

  test('T25 who is refused for guessing at an account fills no line of it: its owner gets in from elsewhere', async () => {
    const refused = '198.51.100.9'
    const guesser = stage.browser()
    const elsewhere = Array.from({ length: 12 }, (_, at) => `198.18.${at}.1`)
    await signInFrom(guesser, [...Array(12).fill(refused), ...elsewhere], WRONG)
    const flood = Array.from({ length: 120 }, () => guesser.post('/sign-in', WRONG, from(refused)))
    await Promise.race(flood)
    expect(statuses(await signInFrom(stage.browser(), ['198.18.99.1'], RIGHT))).toEqual([200])
    await Promise.all(flood)
  })

  test('T25 right codes count for no limit: one account scans 24 at once', async () => {
    const phone = await stage.phone()
    const started = await Promise.all(Array.from({ length: 24 }, () => stage.browser().post('/login')))
    const scanned = await Promise.all(started.map(({ json }) => phone.post('/login/scan', { token: json.token })))
    expect(statuses(scanned)).toEqual(Array(24).fill(200))
  })

  test("T25 wrong codes of many sessions of one person are one person's", async () => {
    const phones = await Promise.all(Array.from({ length: 3 }, () => stage.phone()))
    const guess = (at: number) => ({ token: `${'g'.repeat(16)}.${String(at).padStart(22, 'h')}` })
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, at) => (phones[at % 3] as Client).post('/login/scan', guess(at))),
    )
    expect([counted(replies, 404), counted(replies, 429)]).toEqual([10, 20])
  })
})

describe('an office of twelve people', () => {
  const PEOPLE: TestAccount[] = Array.from({ length: 12 }, (_, at) => ({
    ...ZOFIA,
    id: `person-${at}`,
    username: `person${at}`,
    password: `${ZOFIA.password} ${at}`,
  }))
  const rightOnes = PEOPLE.map(({ username, password }) => ({ username, password }))
  let accounts: AccountsFile
  beforeAll(async () => {
    accounts = await writeAccounts(PEOPLE)
  })
  afterAll(() => accounts.remove())

  onEveryStore(
    () => ({ ACCOUNTS_FILE: accounts.path, TRUST_PROXY: '127.0.0.1', RATE_SIGN_INS_PER_MINUTE: '5' }),
    (stage) => {
      const signIn = (body: object, address: string) => stage.browser().post('/sign-in', body, from(address))

      test('T25 signs in at once where none of them was before, more of them than there may be wrong passwords', async () => {
        const replies = await Promise.all(rightOnes.map((body) => signIn(body, '198.51.100.1')))
        expect(statuses(replies)).toEqual(rightOnes.map(() => 200))
        expect(new Set(replies.map(({ json }) => json.user.id)).size).toBe(rightOnes.length)
      })
    },
  )
})

onEveryStore({ TRUST_PROXY: '127.0.0.1', RATE_LOGINS_PER_MINUTE: '3', RATE_SIGN_INS_PER_MINUTE: '3' }, (stage) => {
  test('T26 what another site makes a browser send is refused before it is counted', async () => {
    const client = stage.browser()
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: undefined, 'sec-fetch-site': 'cross-site' },
      { origin: undefined, 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ]
    const token = `${'g'.repeat(16)}.${'h'.repeat(22)}`
    const calls = [
      ['/login', {}],
      ['/sign-in', WRONG],
      ['/login/scan', { token }],
      ['/login/match', { token, match_code: '123456' }],
      ['/login/user-code', { token }],
    ] as const
    for (const headers of foreign) {
      for (const [path, body] of calls) {
        for (let times = 0; times < 4; times++) {
          expectProblem(await client.post(path, body, { headers, cookie: '' }), 403, 'cross_site_request')
        }
      }
    }
    expect((await client.post('/login')).status).toBe(201)
    expect((await client.post('/sign-in', RIGHT)).status).toBe(200)
    // What is no browser sends neither header.
    expect((await client.post('/login', {}, { headers: { origin: undefined }, cookie: '' })).status).toBe(201)
  })

  // Few, so that even a slow machine ends within the minute by which they are counted.
  test.each([
    ['/56', (at: number) => `2001:db8:1:${(0x100 + at).toString(16)}::1`, 6],
    ['/48', (at: number) => `2001:db8:2:${(at * 0x100).toString(16)}::1`, 12],
  ])('T25 many accounts from the /64s of one %s are slowed too, at once as well', async (network, addressOf, limit) => {
    const replies = await Promise.all(
      Array.from({ length: limit + 5 }, (_, at) => {
        const body = { username: `somebody ${network} ${at}`, password: 'wrong' }
        return stage.browser().post('/sign-in', body, from(addressOf(at)))
      }),
    )
    expect([counted(replies, 401), counted(replies, 429)]).toEqual([limit, 5])
    expect(statuses(await signInFrom(stage.browser(), ['2001:db8:3::1'], RIGHT))).toEqual([200])
  })
})
