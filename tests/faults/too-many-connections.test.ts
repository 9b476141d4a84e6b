import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient, createPhone, type Reply } from '../support/http-client.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { openSocket } from '../support/raw-socket.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service.ts'

/** S10: where a process has about as much as it can hold, it says so to who comes, and not to who is on the way. */

const AT_A_TIME = 100

let service: ServiceProcess
const idle: Socket[] = []

beforeAll(async () => {
  // Room for some hundreds of connections.
  service = await startServiceProcess({
    NODE_OPTIONS: '--max-old-space-size=48 --max-semi-space-size=2',
    MATCH: 'never',
  })
})

afterAll(async () => {
  for (const socket of idle) socket.destroy()
  await service.stop()
})

test('a crowd that holds connections keeps new logins out, and nobody of those who are on the way', async () => {
  const [browser, next, late] = [1, 2, 3].map(() => createClient(service.url)) as [Client, Client, Client]
  const phone = await createPhone(service.url)
  const [token, another] = [await startLogin(browser), await startLogin(next)]
  await scan(phone, token)

  let refusal: Reply | undefined
  while (refusal === undefined) {
    const more = await Promise.all(Array.from({ length: AT_A_TIME }, () => openSocket(service.port, '')))
    for (const socket of more) socket.on('error', () => undefined)
    idle.push(...more)
    const reply = await late.post('/login')
    if (reply.status !== 201) refusal = reply
  }
  expect([refusal.status, refusal.json.code]).toEqual([503, 'overloaded'])
  expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0)

  await scan(phone, another)
  for (const [client, its] of [
    [browser, token],
    [next, another],
  ] as const) {
    expect((await phone.post('/login/confirm', { token: its })).json.status).toBe('authenticated')
    expect((await client.get(`/login/status/${its}`)).json.status).toBe('authenticated')
    expect((await client.get('/session')).status).toBe(200)
  }

  for (const socket of idle.splice(0)) socket.destroy()
  await eventually('new ones are taken again', async () => (await late.post('/login')).status === 201)
})
