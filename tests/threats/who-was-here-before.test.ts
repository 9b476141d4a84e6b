import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AccountsFile, type TestAccount, writeAccounts, ZOFIA } from '../support/accounts-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import { howManyTimesAsLong } from '../support/how-many-times-as-long.ts'
import type { Reply } from '../support/http-client.ts'
import { expectProblem, shownBy } from './seen.ts'

/**
 * T11: the right password gets in at once at a place where its account was signed in to before, whoever else fails
 * there (T25). A wrong one tells nothing about that: neither who exists, nor who was there.
 */

/** One account for each test, because failures of an account are counted for a minute. */
const [ADA, BEN, CID, DEE] = ['ada', 'ben', 'cid', 'dee'].map(
  (username): TestAccount => ({ ...ZOFIA, id: `uid-${username}`, username }),
) as [TestAccount, TestAccount, TestAccount, TestAccount]

const TURNS = 5
const TURN = Array.from({ length: TURNS }, (_, at) => at)
const isAlike = (times: number) => times > 0.6 && times < 1.6

const [LIMIT, OF_AN_ACCOUNT] = [10, 20]

let accounts: AccountsFile

beforeAll(async () => {
  accounts = await writeAccounts([ADA, BEN, CID, DEE])
})

afterAll(() => accounts.remove())

/** What two replies can be told apart by, but for the second in which they came. */
function shownOf(reply: Reply): unknown {
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  return shownBy({
    ...reply,
    rawHeaders: reply.rawHeaders.map((text, at) => (isRetryAfter(reply.rawHeaders[at - 1]) ? 'soon' : text)),
  })
}

const isRetryAfter = (name = '') => name.toLowerCase() === 'retry-after'

onEveryStore(
  () => ({ ACCOUNTS_FILE: accounts.path, TRUST_PROXY: '127.0.0.1', RATE_SIGN_INS_PER_MINUTE: String(LIMIT) }),
  (stage) => {
    const signIn = (username: string, password: string, address: string) =>
      stage.browser().post('/sign-in', { username, password }, { headers: { 'x-forwarded-for': address }, cookie: '' })

    const guess = (username: string, address: string) => signIn(username, 'wrong', address)

    /** Fails at an address until its limit is reached, and never for the account in question. */
    async function crowd(address: string): Promise<void> {
      const replies = await Promise.all(
        Array.from({ length: LIMIT }, (_, at) => guess(`made up ${at} of ${address}`, address)),
      )
      for (const reply of replies) expectProblem(reply, 401, 'invalid_credentials')
    }

    async function visit({ username, password }: TestAccount, address: string): Promise<void> {
      expect((await signIn(username, password, address)).status).toBe(200)
    }

    /** Two addresses alike, one of which somebody was at. */
    async function alike(person: TestAccount, network: string, at = 0) {
      const [familiar, strange] = [`${network}.${at}`, `${network}.${100 + at}`]
      await visit(person, familiar)
      await Promise.all([crowd(familiar), crowd(strange)])
      return { familiar, strange }
    }

    test('T11 where an address is over its limit, a wrong password tells nobody whether its account was signed in to there', async () => {
      const places = await Promise.all(TURN.map((at) => alike(ADA, '198.51.100', at)))
      const of = (username: string, which: 'familiar' | 'strange') => (turn: number) =>
        guess(username, places[turn]?.[which] ?? '')
      const replies: unknown[] = []
      const noted = (ask: (turn: number) => Promise<Reply>) => async (turn: number) => {
        const reply = await ask(turn)
        expectProblem(reply, 429, 'slow_down')
        replies.push(shownOf(reply))
      }
      const times = await howManyTimesAsLong(
        noted(of(ADA.username, 'familiar')),
        noted(of('nobody', 'strange')),
        TURNS,
        isAlike,
      )
      for (const reply of replies) expect(reply).toEqual(replies[0])
      expect([times, isAlike(times)]).toEqual([times, true])
    })

    test('T11 nor does the fourth one and those after it, which are not tried as others are', async () => {
      const { familiar, strange } = await alike(BEN, '198.51.101')
      const both = () => Promise.all([guess(BEN.username, familiar), guess('nobody', strange)])
      for (let times = 0; times < 3; times++) {
        for (const reply of await both()) expectProblem(reply, 429, 'slow_down')
      }
      const [known, unknown] = await both()
      expect(shownOf(known)).toEqual(shownOf(unknown))
      const times = await howManyTimesAsLong(
        () => guess(BEN.username, familiar),
        () => guess('nobody', strange),
        TURNS,
        isAlike,
      )
      expect([times, isAlike(times)]).toEqual([times, true])
    })

    test('T11 nor while the account itself is guessed at, from wherever', async () => {
      const [familiar, strange] = ['198.51.102.1', '198.51.102.2']
      await visit(CID, familiar)
      for (const [username, network] of [
        [CID.username, '203.0.113'],
        ['nobody else', '203.0.114'],
      ] as const) {
        await Promise.all(Array.from({ length: OF_AN_ACCOUNT }, (_, at) => guess(username, `${network}.${at}`)))
      }
      // Each pause is longer than the one before; `sign-in-guard` has the tests of how long.
      const replies: Reply[] = []
      for (let times = 0; times < 3; times++) {
        replies.push(await guess(CID.username, familiar), await guess('nobody else', strange))
      }
      for (const reply of replies) {
        expectProblem(reply, 429, 'slow_down')
        expect(shownOf(reply)).toEqual(shownOf(replies[0] ?? reply))
      }
    })

    test('T25 who mistypes their password there waits a little, as anybody does; the right one then gets in before all who wait', async () => {
      const office = '198.51.103.1'
      await visit(DEE, office)
      await crowd(office)
      expectProblem(await guess(DEE.username, office), 429, 'slow_down')
      const order: string[] = []
      const noted = async (who: string, asked: Promise<Reply>) => {
        const { status } = await asked
        order.push(`${who} ${status}`)
      }
      // As many as may wait at an address at a time.
      const strangers = [1, 2, 3].map((at) => noted('stranger', guess(`one more ${at}`, office)))
      await Promise.all([...strangers, noted('person', signIn(DEE.username, DEE.password, office))])
      expect(order).toEqual(['person 200', ...strangers.map(() => 'stranger 429')])
    })
  },
)
