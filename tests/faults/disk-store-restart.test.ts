import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service.ts'

const LOGINS_PER_MINUTE = 12

let folder: string
let env: Record<string, string>
let service: ServiceProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-restart-'))
  env = {
    PORT: String(await freePort()),
    STORE_PATH: join(folder, 'data'),
    MATCH: 'never',
    RATE_LOGINS_PER_MINUTE: String(LOGINS_PER_MINUTE),
  }
  service = await startServiceProcess(env)
})
afterAll(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

const statusOf = async (client: Client, path: string) => (await client.get(path)).status

test('the welcome says that records are kept, and where', () => {
  expect(service.stderr()).toMatch(/Store +on disk, in .*\/data: kept/)
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s and a start, who was signed in still is, and logins under way go on',
  async (signal) => {
    const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
    await signInBrowser(browser, phone)
    const [pending, scanned, confirmed] = [1, 2, 3].map(() => createClient(service.url)) as [Client, Client, Client]
    const tokens = {
      pending: await startLogin(pending),
      scanned: await startLogin(scanned),
      confirmed: await startLogin(confirmed),
    }
    await scan(phone, tokens.scanned)
    await scan(phone, tokens.confirmed)
    await phone.post('/login/confirm', { token: tokens.confirmed })

    await service.stop(signal)
    service = await startServiceProcess(env)

    expect(await statusOf(browser, '/session')).toBe(200)
    expect(await statusOf(phone, '/session')).toBe(200)
    expect((await confirmed.get(`/login/status/${tokens.confirmed}`)).json.status).toBe('authenticated')
    await phone.post('/login/confirm', { token: tokens.scanned })
    expect((await scanned.get(`/login/status/${tokens.scanned}`)).json.status).toBe('authenticated')
    expect((await pending.get(`/login/status/${tokens.pending}`)).json.status).toBe('pending')
    expect(await statusOf(scanned, '/session')).toBe(200)
  },
)

test('two processes on one folder are one service: a poll held at one is woken by a phone at the other, and limits are one', async () => {
  const other = await startServiceProcess({
    ...env,
    PORT: String(await freePort()),
    PUBLIC_URL: service.url,
    POLL_HOLD_SECONDS: '25',
  })
  try {
    const [browser, bystander] = [0, 1].map(() => createClient(other.url, service.url)) as [Client, Client]
    const phone = await createPhone(service.url)
    const [token, held] = [await startLogin(browser), await startLogin(bystander)]
    let isHeld = true
    const end = () => {
      isHeld = false
    }
    bystander.get(`/login/status/${held}?seen=pending&wait=23`).then(end, end)
    const poll = browser.get(`/login/status/${token}?seen=pending&wait=25`)
    // By this answer the service has taken the poll before it in hand.
    expect((await browser.get(`/login/status/${held}`)).json.status).toBe('expired')
    await scan(phone, token)
    expect((await poll).json.status).toBe('scanned')
    // The poll was woken before the end of its hold: a shorter hold, which began earlier, has not ended yet.
    expect(isHeld).toBe(true)

    // Together more than a minute's limit, and less than that at each instance.
    const statuses = []
    for (let again = 0; again < 2 * LOGINS_PER_MINUTE - 2; again++) {
      const at = again % 2 === 0 ? other : service
      statuses.push((await createClient(at.url, service.url).post('/login')).status)
    }
    expect(statuses).toContain(429)
  } finally {
    await other.stop()
  }
})
