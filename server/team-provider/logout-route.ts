import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { acceptForms, FORM_TYPE } from '../http/form-body.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { AWAY } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { Person } from '../identity/person-key.ts'
import type { SessionService } from '../session/session-service.ts'
import type { RecordStore } from '../store/record-store.ts'
import type { Grants } from './grants.ts'
import type { LogoutToken } from './logout-token.ts'
import type { Logouts } from './logouts.ts'
import type { ProviderClient } from './provider-client.ts'
import { ProviderRefused } from './refusal.ts'

interface LogoutRouteOptions {
  provider: Pick<ProviderClient, 'logoutToken'>
  issuer: string
  grants: Grants
  logouts: Pick<Logouts, 'note'>
  sessions: Pick<SessionService, 'list' | 'withdraw'>
  store: RecordStore
  clock: Clock
  clientAddresses: Pick<ClientAddresses, 'of'>
}

/** Where the provider says that somebody has signed out there, or is gone (OpenID Connect Back-Channel Logout 1.0 §2.5). */
export function logoutRoute(app: TypedApp, options: LogoutRouteOptions): void {
  const { provider, issuer, grants, logouts, sessions, store, clock, clientAddresses } = options

  const keyOf = ({ id }: LogoutToken) => `provider-logout:${hashSecret(JSON.stringify([issuer, id]))}`

  async function personOf({ subject, sid }: LogoutToken): Promise<Person | undefined> {
    const id = subject ?? (sid === undefined ? undefined : await grants.personIn(sid))
    return id === undefined ? undefined : { id, source: 'oidc' }
  }

  /**
   * The grants that they are signed in by here. One that does not know its session at the provider may be of this one.
   */
  async function grantsOf(person: Person, { sid }: LogoutToken): Promise<string[]> {
    const live = await sessions.list(person)
    const ids = [...new Set(live.flatMap(({ session }) => session.user.credential ?? []))]
    if (sid === undefined) return ids
    const found = await Promise.all(ids.map(async (id) => ({ id, grant: await grants.find(id) })))
    return found.filter(({ grant }) => grant?.sid === undefined || grant.sid === sid).map(({ id }) => id)
  }

  async function signOut(token: LogoutToken, by: RequestContext): Promise<void> {
    const person = await personOf(token)
    if (person === undefined) return
    for (const credential of await grantsOf(person, token)) {
      // The grant first: so nobody vouches for a session that is used meanwhile.
      await grants.end(credential)
      await sessions.withdraw(person, { credential, reason: 'signed_out', by })
    }
  }

  async function take(request: FastifyRequest): Promise<void> {
    const text = Buffer.isBuffer(request.body) ? new URLSearchParams(request.body.toString()).get('logout_token') : null
    if (text === null) throw new ScanInError('invalid_request')
    const token = await provider.logoutToken(text).catch((error) => {
      throw error instanceof ProviderRefused ? new ScanInError('invalid_request', { cause: error }) : error
    })
    const key = keyOf(token)
    if ((await store.read(key)) !== undefined) {
      throw new ScanInError('invalid_request', { cause: new ProviderRefused('untrusted', { detail: 'jti' }) })
    }
    // Noted first: a session that is written later finds the note, and one that was written before is found here.
    await logouts.note(token)
    await signOut(token, requestContextOf(request, clientAddresses))
    // Kept from being used again only once all is done: if this is cut short, the provider may send the token again.
    await store.write(key, true, { expiresAt: Math.max(token.goodUntil, clock() + 1000), ifVersion: null })
  }

  app.register(async (scope: TypedApp) => {
    acceptForms(scope)
    scope.post(
      '/sign-in/oidc/backchannel-logout',
      {
        // It goes by no cookie: the provider signs what it says.
        config: { isForAnyOrigin: true, step: 'finish' },
        schema: {
          operationId: 'endByProvider',
          tags: ['session'],
          security: [],
          summary: "The team's provider says that somebody has signed out there",
          description: `OpenID Connect Back-Channel Logout 1.0: a form (\`${FORM_TYPE}\`) with a \`logout_token\`, which is good once.`,
          problems: AWAY,
          response: { 200: Type.Unsafe<undefined>({ type: 'null' }) },
        },
      },
      async (request, reply) => {
        await take(request)
        return reply.code(200).send(undefined)
      },
    )
  })
}
