import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createTestApp } from '../support/app.ts'
import { freePort } from '../support/free-port.ts'
import { createClient } from '../support/http-client.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { sampleConfiguration } from '../support/two-instances.ts'

/** docs/your-identity-provider.md, behind the shipped nginx: two instances on one store. */

let nginx: Nginx
let team: TeamProvider
const apps: FastifyInstance[] = []

beforeAll(async () => {
  const upstream = [await freePort(), await freePort()]
  nginx = await startNginx((port) => sampleConfiguration(port, upstream))
  team = await startTeamProvider({ publicUrl: nginx.url })
  team.people.set('u-1', { name: 'Ada' })
  const env = { PUBLIC_URL: nginx.url, ...team.env }
  const first = await createTestApp(env, {}, { now: Date.now() })
  const second = await createTestApp(env, { store: first.store }, first.time)
  for (const [at, { app }] of [first, second].entries()) {
    await app.listen({ host: '127.0.0.1', port: upstream[at] ?? 0 })
    apps.push(app)
  }
})

afterAll(async () => {
  await nginx.stop()
  await Promise.all(apps.map((app) => app.close()))
  await team.stop()
})

/** A person's way to the provider, as far as the address that leads back. */
async function wayBack(client: ReturnType<typeof createClient>): Promise<string> {
  const begun = await client.get('/sign-in/oidc?return_to=/scan')
  const { pathname, search } = await team.visit(String(begun.headers.location), 'u-1')
  return pathname + search
}

test('who comes back while the provider is away is told so, whichever instance is asked', async () => {
  const client = createClient(nginx.url)
  team.downAt = '/token'
  for (const _instance of apps) {
    const { status, headers } = await client.get(await wayBack(client))
    expect([status, headers['retry-after']]).toEqual([503, '60'])
  }
  team.downAt = undefined
  expect((await client.get(await wayBack(client))).headers.location).toBe('/scan')
})

test('who comes back while one instance is away comes in by the other', async () => {
  await apps.pop()?.close()
  const client = createClient(nginx.url)
  for (const _turn of ['one', 'the other']) {
    expect((await client.get(await wayBack(client))).headers.location).toBe('/scan')
  }
})
