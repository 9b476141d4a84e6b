import { expect, test } from '@jest/globals'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { setUpServiceOverALine } from '../support/service-over-a-line.ts'

/** S3: a connection to Redis that answers no more is replaced by itself, without anybody closing it. */

const stage = setUpServiceOverALine()

async function expectLoginGoesOn(token: string, browser = createClient(stage.service.url)): Promise<void> {
  await stage.untilReady()
  expect((await browser.get(`/login/status/${token}`)).json).toMatchObject({ status: 'pending' })
}

test('half-open connections are replaced, and nobody had to tell', async () => {
  const browser = createClient(stage.service.url)
  const token = await startLogin(browser)
  stage.line.halfOpen()
  expect(await stage.readyz()).toBe(503)
  await expectLoginGoesOn(token, browser)
})

test('connections that hang are replaced, also when the next ones hang too', async () => {
  const browser = createClient(stage.service.url)
  const token = await startLogin(browser)
  const before = stage.line.taken()
  stage.line.hang()
  stage.line.blackHole()
  expect(await stage.readyz()).toBe(503)
  // Two that were made anew, and hang in their turn.
  while (stage.line.taken() < before + 2) await Promise.race([stage.line.spoke('client'), stage.readyz()])
  await stage.line.mend()
  await expectLoginGoesOn(token, browser)
})

test('a Redis that stood still is worked with again once it moves', async () => {
  const browser = createClient(stage.service.url)
  const token = await startLogin(browser)
  stage.redis.freeze()
  expect(await stage.readyz()).toBe(503)
  stage.redis.thaw()
  await expectLoginGoesOn(token, browser)
})

test('a Redis that nobody listens for, for a while, is found when somebody does', async () => {
  const browser = createClient(stage.service.url)
  const token = await startLogin(browser)
  await stage.line.refuse()
  stage.line.drop({ by: 'RST' })
  expect(await stage.readyz()).toBe(503)
  await stage.line.mend()
  await expectLoginGoesOn(token, browser)
})
