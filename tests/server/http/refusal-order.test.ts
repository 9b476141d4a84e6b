import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import fastify, { type FastifyContextConfig, type FastifyInstance, type HTTPMethods } from 'fastify'
import { ScanInError } from '../../../server/errors.ts'
import type { Step } from '../../../server/http/pressure.ts'
import { refuseInOrder } from '../../../server/http/refusal-order.ts'
import { createClients } from '../../../server/oauth/clients-file.ts'
import { createTestApp } from '../../support/app.ts'
import { WITH_ALL_THERE_IS } from '../../support/described-api.ts'

let app: FastifyInstance
let asked: Step[]

beforeEach(() => {
  asked = []
  app = fastify()
  app.addHook(
    'onRequest',
    refuseInOrder({
      admit(step) {
        asked.push(step)
        if (step === 'begin') throw new ScanInError('overloaded')
      },
    }),
  )
})

afterEach(() => app.close())

async function statusOf(config: FastifyContextConfig, method: HTTPMethods = 'GET'): Promise<number> {
  app.route({ method: ['GET', 'OPTIONS'], url: '/', config, handler: async () => 'answered' })
  return (await app.inject({ method: method as 'GET', url: '/' })).statusCode
}

test.each<[string, FastifyContextConfig, Step]>([
  ['says nothing of it', {}, 'go_on'],
  ['goes on with one', { step: 'go_on' }, 'go_on'],
  ['ends one', { step: 'finish' }, 'finish'],
])('a route that %s is asked for as that', async (_what, config, step) => {
  expect(await statusOf(config)).toBe(200)
  expect(asked).toEqual([step])
})

test('what is refused gets to no route', async () => {
  expect(await statusOf({ step: 'begin' })).toBe(500)
  expect(asked).toEqual(['begin'])
})

test('HEAD is asked for as GET is', async () => {
  expect(await statusOf({ step: 'finish' }, 'HEAD')).toBe(200)
  expect(asked).toEqual(['finish'])
})

test.each<[string, FastifyContextConfig, HTTPMethods]>([
  ['a route that is never refused', { step: 'never_refused' }, 'GET'],
  ['what a browser asks before a request of another origin', { step: 'begin' }, 'OPTIONS'],
])('nothing is asked for %s', async (_what, config, method) => {
  expect(await statusOf(config, method)).toBe(200)
  expect(asked).toEqual([])
})

/** Of the service's own routes those that do not go on with a login, which is what the others do. */
const STEPS = {
  never_refused: ['GET /login/status/:token', 'GET /login/scan/:token', 'GET /healthz', 'GET /readyz', 'POST /login'],
  begin: ['POST /oauth/device_authorization'],
  go_on: ['POST /login/scan', 'POST /sign-in', 'GET /sessions', 'GET /oauth/authorize', 'GET /nothing'],
  finish: [
    'POST /login/confirm',
    'POST /login/confirm/options',
    'POST /login/deny',
    'POST /login/match',
    'DELETE /login/:token',
    'POST /sign-out',
    'POST /sign-in/oidc/backchannel-logout',
    'DELETE /sessions',
    'DELETE /sessions/:id',
    'DELETE /passkeys/:id',
    'GET /session',
    'GET /auth/verify',
    'GET /auth/forward',
    'GET /.scanin/sign-out',
    'POST /.scanin/sign-out',
    'POST /oauth/token',
    'POST /oauth/revoke',
    'POST /oauth/introspect',
    'GET /oauth/userinfo',
    'POST /oauth/userinfo',
    'GET /oauth/logout',
    'POST /oauth/logout',
    'POST /session/token',
    'GET /.well-known/openid-configuration',
    'GET /.well-known/oauth-authorization-server',
    'GET /.well-known/jwks.json',
  ],
}

describe('the routes of the service', () => {
  let service: FastifyInstance
  let seen: string[]

  beforeAll(async () => {
    const env = { ...WITH_ALL_THERE_IS, CLIENTS_FILE: 'clients.json' }
    service = (await createTestApp(env, { clients: createClients() })).app
    service.addHook('onRequest', async ({ method, routeOptions: { url, config } }, reply) => {
      seen.push(`${method} ${url ?? '/nothing'} ${config.step ?? 'go_on'}`)
      return reply.send()
    })
  })
  afterAll(() => service.close())
  beforeEach(() => {
    seen = []
  })

  test.each(Object.entries(STEPS))('of the step %s are those that have it', async (step, routes) => {
    for (const route of routes) {
      const [method, url = ''] = route.split(' ')
      await service.inject({ method: method as 'GET', url })
    }
    expect(seen).toEqual(routes.map((route) => `${route} ${step}`))
  })
})
