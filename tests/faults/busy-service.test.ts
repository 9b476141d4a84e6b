import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { sendPiped } from '../support/raw-socket.ts'
import { type Service, startService } from '../support/service.ts'

/** S10: a service with more polls than it has time for slows them down, and lets them be as quick as before afterwards. */

const HOLD_SECONDS = 2
/** Enough that another request is always there when one is answered. */
const CONNECTIONS = 8
const SENT_AHEAD = 50

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
  const polls = [...Array(SENT_AHEAD - 1).fill(poll('keep-alive')), poll('close')]
  let isOver = false
  const crowding = Array.from({ length: CONNECTIONS }, async () => {
    while (!isOver) await sendPiped(service.port, polls)
  })
  try {
    // Polls that are too fast are refused, and are work all the same.
    await eventually('the hold is longer', async () => (await told()) > HOLD_SECONDS)
  } finally {
    isOver = true
    await Promise.all(crowding)
  }
  await eventually('the hold is as before', async () => (await told()) === HOLD_SECONDS)
})
