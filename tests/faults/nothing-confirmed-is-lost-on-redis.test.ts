import { beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { startRedisWithAClock } from '../support/redis-with-a-clock.ts'
import { setUpServiceOverALine } from '../support/service-over-a-line.ts'

/** S1, with a real Redis that goes away in the middle of hand-overs, for longer than one repeats. */

const AWAY_SECONDS = 40
const LOGINS = 12

const stage = setUpServiceOverALine(
  { POLL_HOLD_SECONDS: '0', MATCH: 'never', MAX_SESSIONS: '1000', COLLECT_SECONDS: '3600' },
  startRedisWithAClock,
)
let phone: Client

beforeAll(async () => {
  phone = await createPhone(stage.service.url)
})

interface Approved {
  browser: Client
  token: string
}

async function approvedOne(): Promise<Approved> {
  const browser = createClient(stage.service.url)
  const token = await startLogin(browser)
  await approve(phone, token)
  return { browser, token }
}

const poll = ({ browser, token }: Approved) => browser.get(`/login/status/${token}`)

let ahead = 0
/** As far as anybody can tell who goes by Redis's time: a new connection asks for it first. */
function passOnRedis(seconds: number): void {
  ahead += seconds
  stage.redis.setAhead(ahead)
}

test('every login that was confirmed is collected, however far its hand-over was when the line was cut', async () => {
  let cutShort = 0
  // Cuts the line after so many writes to Redis; each has what one turn of the event loop had to say.
  for (let words = 0; words < 5; words++) {
    const logins = await Promise.all(Array.from({ length: LOGINS }, approvedOne))
    const polls = Promise.all(logins.map(poll))
    for (let said = 0; said < words; said++) await stage.line.passed('client')
    stage.line.cut()
    const replies = await polls
    cutShort += replies.filter(({ status }) => status === 503).length
    passOnRedis(AWAY_SECONDS)
    await stage.line.mend()
    await eventually('the store is back', async () => (await phone.get('/session')).status === 200)
    for (const [at, login] of logins.entries()) {
      const reply = replies[at]?.status === 503 ? await poll(login) : replies[at]
      expect(reply?.json).toMatchObject({ status: 'authenticated' })
      expect((await login.browser.get('/session')).status).toBe(200)
    }
  }
  expect(cutShort).toBeGreaterThan(LOGINS)
  expect((await phone.get('/sessions')).json.sessions).toHaveLength(1 + 5 * LOGINS)
})
