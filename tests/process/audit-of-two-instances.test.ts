import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AccountsFile, type TestAccount, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { auditLinesIn, namesOf } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { DEMO_PASSWORD, type Service, startService } from '../support/service.ts'

/** What happens has one line, in the log of the instance that made it so, however many ask for it at how many instances. */

const DEMO: TestAccount = { id: 'demo', username: 'demo', name: 'Demo Person', password: DEMO_PASSWORD }

let redis: RedisServer
let accounts: AccountsFile
let services: Service[]
let origins: string[]

beforeAll(async () => {
  ;[redis, accounts] = await Promise.all([startRedis(), writeAccounts([DEMO, ZOFIA, YUSUF])])
  const env = { REDIS_URL: redis.url, ACCOUNTS_FILE: accounts.path, MATCH: 'never', POLL_HOLD_SECONDS: '0' }
  const first = await startService(env)
  services = [first, await startService({ ...env, PUBLIC_URL: first.url })]
  origins = services.map(({ url }) => url)
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await redis.stop()
  accounts.remove()
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

/** Puts these people into the file that both have, until both have read it and told what there was to tell. */
async function accountsAre(people: TestAccount[]): Promise<void> {
  const readings = () => services.map((service) => service.stdout().split('"msg":"accounts read again"').length)
  const before = readings()
  await accounts.write(people)
  for (const service of services) service.reload()
  await eventually('both have read it', () => readings().every((count, at) => count > (before[at] ?? 0)))
  // What is asked of the store now is answered after what was asked as they read.
  for (const { url } of services) expect((await createClient(url).get('/readyz')).status).toBe(200)
}

test('an account that ends, as both read: a line, and another one when it has been back in between', async () => {
  const endsOf = ({ id }: TestAccount) =>
    lines()
      .toSorted((one, other) => String(one['time']).localeCompare(String(other['time'])))
      .flatMap(({ audit, person, reason }) => (audit === 'account.ended' && person === id ? [reason] : []))
  // An instance goes on telling after it has said that it has read the file.
  const told = (ends: number) =>
    eventually(`${ends} ends are told`, () => endsOf(ZOFIA).length + endsOf(YUSUF).length >= ends)
  await accountsAre([DEMO, { ...YUSUF, disabled: true }])
  await told(2)
  expect([endsOf(ZOFIA), endsOf(YUSUF)]).toEqual([['removed'], ['disabled']])
  await accountsAre([DEMO, ZOFIA, YUSUF])
  await accountsAre([DEMO, { ...ZOFIA, password: 'another-one-4711' }])
  await accountsAre([DEMO, ZOFIA])
  await told(5)
  expect([endsOf(ZOFIA), endsOf(YUSUF)]).toEqual([
    ['removed', 'new_password', 'new_password'],
    ['disabled', 'removed'],
  ])
})
