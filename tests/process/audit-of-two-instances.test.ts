import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditLinesIn, namesOf } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'

/** What happens has one line, in the log of the instance that made it so, however many ask for it at how many instances. */

let redis: RedisServer
let services: Service[]
let origins: string[]

beforeAll(async () => {
  redis = await startRedis()
  const env = { REDIS_URL: redis.url, MATCH: 'never', POLL_HOLD_SECONDS: '0' }
  const first = await startService(env)
  services = [first, await startService({ ...env, PUBLIC_URL: first.url })]
  origins = services.map(({ url }) => url)
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await redis.stop()
})

/** Asks both instances in turn, all at once. */
const atOnce = (times: number, call: () => Promise<unknown>) => Promise.all(Array.from({ length: times }, call))
const lines = () => services.flatMap((service) => auditLinesIn(service.stdout()))

test('confirmed, collected and revoked at once at both: a line each', async () => {
  const phone: Client = await createPhone(origins, origins[0])
  const browser = createClient(origins, origins[0])
  const token = await startLogin(browser)
  await atOnce(10, () => phone.post('/login/scan', { token }))
  await atOnce(10, () => phone.post('/login/confirm', { token }))
  await atOnce(20, () => browser.get(`/login/status/${token}`))
  const { id } = (await browser.get('/session')).json.session
  await atOnce(10, () => phone.delete(`/sessions/${id}`))
  const left = await startLogin(browser)
  await phone.post('/login/scan', { token: left })
  await atOnce(10, () => phone.post('/login/deny', { token: left }))
  await phone.post('/sign-out')
  await eventually('the last is logged', () => namesOf(lines()).includes('session.signed_out'))
  expect(namesOf(lines())).toEqual([
    'login.collected',
    'login.confirmed',
    'login.denied',
    'login.scanned',
    'login.scanned',
    'session.revoked',
    'session.signed_out',
    'sign_in.succeeded',
  ])
  expect(lines().every(({ outcome }) => outcome === 'success')).toBe(true)
  const collected = lines().find(({ audit }) => audit === 'login.collected')
  expect(collected).toMatchObject({ session: id, login: token.slice(0, 16), person: 'demo' })
})
