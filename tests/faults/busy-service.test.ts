import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { sendPiped } from '../support/raw-socket.ts'
import { type Service, startService } from '../support/service.ts'

/** S10: a service with more polls than it has time for slows them down, and lets them be as quick as before afterwards. */

const HOLD_SECONDS = 2
/** Polls sent ahead on each connection: they do not end together, so another is always there when one is answered. */
const SENT_AHEAD = [30, 40, 50, 60, 70, 80, 90, 100]
/** So much is left of a longer hold each second once there are few polls. */
const LEFT_EACH_SECOND = 0.96

let service: Service

beforeAll(async () => {
  service = await startService({ POLL_HOLD_SECONDS: String(HOLD_SECONDS), LOG_LEVEL: 'error' })
})

afterAll(() => service.stop())

test('with its event loop full of polls, polls are told of a longer hold, and of the configured one once there are few', async () => {
  const [crowd, browser] = [createClient(service.url), createClient(service.url)]
  const [crowded, token] = [await startLogin(crowd), await startLogin(browser)]
  const told = async () => (await browser.get(`/login/status/${token}`)).json.hold
  expect(await told()).toBe(HOLD_SECONDS)

  const cookie = [...crowd.cookies].map((pair) => pair.join('=')).join('; ')
  const poll = (connection: string) =>
    `GET /login/status/${crowded} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: ${connection}\r\n\r\n`
  let isOver = false
  const crowding = SENT_AHEAD.map(async (ahead) => {
    const polls = [...Array(ahead - 1).fill(poll('keep-alive')), poll('close')]
    while (!isOver) await sendPiped(service.port, polls)
  })
  try {
    // Polls that are too fast are refused, and are work all the same.
    await eventually('the hold is longer', async () => (await told()) > HOLD_SECONDS)
  } finally {
    isOver = true
    await Promise.all(crowding)
  }
  const longest: number = await eventually('it is told after the last of them', told)
  const untilAsBefore = Math.log(longest / HOLD_SECONDS) / -Math.log(LEFT_EACH_SECOND)
  const patienceMs = PATIENCE_MS + untilAsBefore * 1000
  await eventually('the hold is as before', async () => (await told()) === HOLD_SECONDS, patienceMs)
})
