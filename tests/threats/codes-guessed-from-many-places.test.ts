import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Accounts, createAccounts } from '../../server/identity/accounts.ts'
import { hashPassword } from '../../server/identity/passwords.ts'
import { inBatches } from '../../server/store/in-batches.ts'
import { type AccountsFile, phoneOf, type TestAccount, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Client, Reply } from '../support/http-client.ts'
import { scan, startLogin, wrongNumber } from '../support/login-flow.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { expectProblem } from './seen.ts'

/**
 * T25: typed codes and digits guessed from many addresses for one account, and by many accounts from one address or
 * from one customer's networks. Guesses are slowed within a minute; right ones are never refused because of others.
 */

const PEOPLE: TestAccount[] = Array.from({ length: 66 }, (_, at) => ({
  ...ZOFIA,
  id: `person-${at}`,
  username: `person${at}`,
}))
/** How many wrong ones are allowed in a minute: by one account, and from one address. */
const CODES = { ofOneAccount: 10, fromOneAddress: 40 }
const DIGITS = { ofOneAccount: 50, fromOneAddress: 100 }
/**
 * The networks that one customer has, from the least to the most (RFC 6177), with how many times as many wrong ones may
 * come from them.
 */
const NETWORKS: [where: string, addressOf: (at: number) => string, factor: number][] = [
  ['one address', () => '198.51.100.1', 1],
  ['one /64', (at) => `2001:db8:0:1::${hex(at)}`, 1],
  ['the /64s of one /56', (at) => `2001:db8:1:${hex(0x100 + (at % 0x100))}::1`, 2],
  ['the /56s of one /48', (at) => `2001:db8:2:${hex((at % 0x100) * 0x100)}::1`, 4],
]
const TRIES = 5

const hex = (number: number) => number.toString(16)
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
const counted = (replies: Reply[], status: number) => replies.filter((reply) => reply.status === status).length
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at)

/** More at once might be more than a slow machine's Redis can answer before the service gives up. */
const AT_ONCE = 20

/** Does it so many times, some at once. */
async function times(count: number, task: (at: number) => Promise<Reply | Reply[]>): Promise<Reply[]> {
  const replies: Reply[] = []
  await inBatches(numbers(count), AT_ONCE, async (at) => replies.push(...[await task(at)].flat()))
  return replies
}

const ENV = {
  TRUST_PROXY: '127.0.0.1',
  RATE_SIGN_INS_PER_MINUTE: '0',
  RATE_LOGINS_PER_MINUTE: '0',
  POLL_HOLD_SECONDS: '0',
  MATCH: 'always',
}

let accounts: AccountsFile
let known: Accounts
beforeAll(async () => {
  accounts = await writeAccounts(PEOPLE)
  const passwordHash = await hashPassword(ZOFIA.password, { memoryCost: 64, timeCost: 1, parallelism: 1 })
  known = createAccounts(
    PEOPLE.map(({ id, username, name }) => ({ username, user: { id, name }, passwordHash, isDisabled: false })),
  )
})
afterAll(() => accounts.remove())

/** Where the guesses are made. */
interface Site {
  url(): string
  browser(): Client
}

type People = (count: number) => Promise<Client[]>

/** Each test takes people of its own: what they did wrong is remembered for a minute. */
function createPeople({ url }: Site): People {
  let taken = 0
  return (count) => {
    const some = PEOPLE.slice(taken, taken + count)
    taken += count
    if (some.length < count) throw new Error('there are no more people')
    return Promise.all(some.map((person) => phoneOf(person, url())))
  }
}

const LETTERS = 'BCDFGHJK'
const codeOf = (at: number) => `${LETTERS[at >> 6]}${LETTERS[(at >> 3) & 7]}${LETTERS[at & 7]}`
const wrong = (phone: Client, address: string, at: number) =>
  phone.post('/login/scan', { user_code: `BCDF-G${codeOf(at)}` }, from(address))

async function typesRightCode({ browser: openBrowser }: Site, phone: Client, address: string): Promise<Reply> {
  const browser = openBrowser()
  const token = await startLogin(browser)
  const { user_code } = (await browser.post('/login/user-code', { token })).json
  return phone.post('/login/scan', { user_code }, from(address))
}

/** A login of this person that waits for its digits. */
async function startMatch({ browser: openBrowser }: Site, phone: Client) {
  const browser = openBrowser()
  const token = await startLogin(browser)
  await scan(phone, token)
  const right: string = (await phone.post('/login/confirm', { token })).json.match_code
  const wrongOne = wrongNumber(right)
  const type = (match_code: string, address: string) =>
    browser.post('/login/match', { token, match_code }, from(address))
  return {
    typeFromElsewhere: (origin: string) =>
      browser.post('/login/match', { token, match_code: wrongOne }, { headers: { origin } }),
    typeRight: (address: string) => type(right, address),
    typeWrong: (address: string) => type(wrongOne, address),
  }
}

/** Types wrong digits until the login is denied, one after the other. */
async function useUp(site: Site, phone: Client, addressOf: (at: number) => string): Promise<Reply[]> {
  const login = await startMatch(site, phone)
  const replies: Reply[] = []
  for (const at of numbers(TRIES)) replies.push(await login.typeWrong(addressOf(at)))
  return replies
}

/** Checks that a slowed guess costs no try. The right digits are still taken where no limit is reached. */
async function expectSlowedAfterOne(site: Site, phone: Client, address: string) {
  const login = await startMatch(site, phone)
  const first = await login.typeWrong(address)
  expect([first.status, first.json.tries_left]).toEqual([422, TRIES - 1])
  // At once too: all but the first are refused.
  const more = await Promise.all(numbers(10).map(() => login.typeWrong(address)))
  for (const reply of more) {
    expectProblem(reply, 429, 'slow_down')
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  }
  return login
}

function guessFromNetworks(site: Site, people: People, networks: typeof NETWORKS): void {
  test.each(networks)(
    'T25 typed codes by many accounts from %s are slowed, and right ones there are taken',
    async (...network) => {
      const [, addressOf, factor] = network
      const most = CODES.fromOneAddress * factor
      const some = await people(2 + most / CODES.ofOneAccount)
      const [late, honest, ...guessers] = some as [Client, Client, ...Client[]]
      const replies = await times(most, (at) => wrong(guessers[at % guessers.length] as Client, addressOf(at), at))
      expect(counted(replies, 404)).toBe(most)
      // One more guess of each account, because nobody can know yet that it is wrong.
      expectProblem(await wrong(late, addressOf(most), most), 404, 'expired_token')
      expectProblem(await wrong(late, addressOf(most + 1), most + 1), 429, 'slow_down')
      expectProblem(await typesRightCode(site, late, addressOf(most + 2)), 429, 'slow_down')
      expect((await typesRightCode(site, honest, addressOf(most + 3))).status).toBe(200)
      expect((await typesRightCode(site, late, '192.0.2.1')).status).toBe(200)
    },
  )

  test.each(networks)(
    'T25 digits of many accounts from %s are slowed, and the right ones are taken',
    async (...network) => {
      const [, addressOf, factor] = network
      const most = DIGITS.fromOneAddress * factor
      const some = await people(1 + most / DIGITS.ofOneAccount)
      const [other, ...others] = some as [Client, ...Client[]]
      const replies = await times(most / TRIES, (login) =>
        useUp(site, others[login % others.length] as Client, (at) => addressOf(login * TRIES + at)),
      )
      expect(counted(replies, 422)).toBe(most)
      const here = addressOf(most)
      const login = await expectSlowedAfterOne(site, other, here)
      expect((await (await startMatch(site, other)).typeRight(here)).json.status).toBe('authenticated')
      // At another address the same login goes on: the slowed guesses have cost it no try.
      expect((await login.typeRight('192.0.2.2')).json.status).toBe('authenticated')
    },
  )
}

// In a minute that stands still: it does not matter how fast hundreds of guesses are sent.
onEveryStoreInTime(
  ENV,
  (site) => guessFromNetworks(site, createPeople(site), NETWORKS),
  () => ({ accounts: known }),
)

onEveryStore(
  () => ({ ...ENV, ACCOUNTS_FILE: accounts.path }),
  (stage) => {
    const site = { url: () => stage.service().url, browser: stage.browser }
    const people = createPeople(site)

    guessFromNetworks(site, people, NETWORKS.slice(0, 1))

    describe('typed codes', () => {
      test('T25 for one account from many addresses are slowed, and nobody else at these', async () => {
        const [guesser, other] = (await people(2)) as [Client, Client]
        const addresses = numbers(30).map((at) => `203.0.113.${at}`)
        const replies = await Promise.all(addresses.map((address, at) => wrong(guesser, address, at)))
        expect([counted(replies, 404), counted(replies, 429)]).toEqual([CODES.ofOneAccount, 30 - CODES.ofOneAccount])
        for (const reply of replies.filter(({ status }) => status === 429)) {
          expectProblem(reply, 429, 'slow_down')
          expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
        }
        expect((await typesRightCode(site, other, '203.0.113.0')).status).toBe(200)
      })

      test('T25 and tokens of what others have scanned are wrong ones too, and their owner is not in the way of it', async () => {
        const [owner, guesser] = (await people(2)) as [Client, Client]
        const token = await startLogin(stage.browser())
        await scan(owner, token)
        const guess = () => guesser.post('/login/scan', { token })
        const replies = await Promise.all(numbers(CODES.ofOneAccount).map(guess))
        expect(counted(replies, 409)).toBe(CODES.ofOneAccount)
        expectProblem(await guess(), 429, 'slow_down')
        expect((await owner.post('/login/confirm', { token })).json.status).toBe('match_required')
      })

      test('T26 that another site makes a phone send are refused before they are counted', async () => {
        const [phone] = (await people(1)) as [Client]
        for (const at of numbers(CODES.ofOneAccount + 1)) {
          const headers = { ...from('198.51.100.9').headers, origin: 'https://evil.example' }
          const reply = await phone.post('/login/scan', { user_code: `BCDF-G${codeOf(at)}` }, { headers })
          expectProblem(reply, 403, 'cross_site_request')
        }
        const own = numbers(CODES.ofOneAccount).map((at) => wrong(phone, '198.51.100.9', at))
        expect(counted(await Promise.all(own), 404)).toBe(CODES.ofOneAccount)
      })
    })

    describe('digits', () => {
      test('T26 that another site makes a browser send are refused before they are counted', async () => {
        const [phone] = (await people(1)) as [Client]
        const login = await startMatch(site, phone)
        for (const _at of numbers(TRIES))
          expectProblem(await login.typeFromElsewhere('https://evil.example'), 403, 'cross_site_request')
        expect((await login.typeWrong('192.0.2.9')).json.tries_left).toBe(TRIES - 1)
        expect((await login.typeRight('192.0.2.9')).json.status).toBe('authenticated')
      })

      test('T25 of one account from many addresses are slowed, and the right ones are taken', async () => {
        const [phone, other] = (await people(2)) as [Client, Client]
        const somewhere = (at: number) => `203.0.113.${100 + at}`
        const logins = numbers(DIGITS.ofOneAccount / TRIES)
        const replies = (await Promise.all(logins.map(() => useUp(site, phone, somewhere)))).flat()
        expect(counted(replies, 422)).toBe(DIGITS.ofOneAccount)
        await expectSlowedAfterOne(site, phone, '203.0.113.200')
        expect((await (await startMatch(site, phone)).typeRight('203.0.113.201')).json.status).toBe('authenticated')
        expect((await (await startMatch(site, other)).typeRight('203.0.113.100')).json.status).toBe('authenticated')
      })
    })
  },
)
