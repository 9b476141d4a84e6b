import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { requestContextOf } from '../http/request-context.ts'
import { AWAY, nothing } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { publicPerson } from '../identity/person-key.ts'
import {
  blockedReply,
  blocksOnWire,
  blocksReply,
  endedReply,
  personInPath,
  seenOnWire,
  seenReply,
  userOf,
} from './admin-wire.ts'
import type { Operators } from './operators.ts'

export interface AdminRoutesOptions {
  operators: Operators
  clientAddresses: Pick<ClientAddresses, 'of'>
  clock: Clock
  /** What Prometheus asks for. */
  metrics: { contentType: string; text(): Promise<string> } | undefined
}

const tags = ['operators']
const security = [{ bearer: [] }]
/** What the guard refuses with, whatever is asked for. */
const ALL = ['authentication_required', 'cross_site_request', 'slow_down', ...AWAY] as const

/** What operators ask for; docs/operations.md says how. */
export function adminRoutes(app: TypedApp, { operators, clientAddresses, clock, metrics }: AdminRoutesOptions): void {
  app.get(
    '/users/:id/sessions',
    {
      exposeHeadRoute: true,
      schema: {
        operationId: 'listSessionsOf',
        tags,
        security,
        summary: 'Where a person is signed in',
        params: personInPath,
        problems: ['not_found', ...ALL],
        response: { 200: seenReply },
      },
    },
    async ({ params, labels }) => {
      const person = operators.personOf(params.id)
      Object.assign(labels, publicPerson(person))
      return seenOnWire(person, await operators.see(person), clock)
    },
  )

  app.delete(
    '/users/:id/sessions',
    {
      schema: {
        operationId: 'endSessionsOf',
        tags,
        security,
        summary: 'End all sessions of a person; they are refused from the very next request on',
        params: personInPath,
        problems: ['not_found', ...ALL],
        response: { 200: endedReply },
      },
    },
    async (request) => {
      const person = operators.personOf(request.params.id)
      Object.assign(request.labels, publicPerson(person))
      return { revoked: await operators.endSessions(person, requestContextOf(request, clientAddresses)) }
    },
  )

  app.post(
    '/users/:id/block',
    {
      schema: {
        operationId: 'block',
        tags,
        security,
        summary: 'Sign a person out everywhere and let them in nowhere, whatever they prove, until they are unblocked',
        params: personInPath,
        problems: ['not_found', ...ALL],
        response: { 200: blockedReply },
      },
    },
    async (request) => {
      const person = operators.personOf(request.params.id)
      Object.assign(request.labels, publicPerson(person))
      const revoked = await operators.block(person, requestContextOf(request, clientAddresses))
      return { user: userOf(person), blocked: true as const, revoked }
    },
  )

  app.delete(
    '/users/:id/block',
    {
      schema: {
        operationId: 'unblock',
        tags,
        security,
        summary: 'Let a person sign in again',
        params: personInPath,
        problems: ['not_found', ...ALL],
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const person = operators.personOf(request.params.id)
      Object.assign(request.labels, publicPerson(person))
      await operators.unblock(person, requestContextOf(request, clientAddresses))
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/blocks',
    {
      exposeHeadRoute: true,
      schema: {
        operationId: 'listBlocks',
        tags,
        security,
        summary: 'Who is blocked, and since when',
        problems: ALL,
        response: { 200: blocksReply },
      },
    },
    async () => blocksOnWire(await operators.blocked()),
  )

  if (metrics !== undefined) {
    app.get('/metrics', { exposeHeadRoute: true, schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    )
  }
}
