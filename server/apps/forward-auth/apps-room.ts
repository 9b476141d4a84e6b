import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { ClientAddresses } from '../../http/client-address.ts'
import type { MakeLimiter } from '../../http/rate-limits.ts'
import { asOfAnyHost, type HeaderSets } from '../../http/security-headers.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import type { ApplicationOf } from '../../login/application.ts'
import type { Randomness } from '../../randomness.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import { createCodeLimit } from '../../session/issuance-limit.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { RecordStore } from '../../store/record-store.ts'
import { parseOrigin } from '../../url.ts'
import { createAppCodes } from './app-codes.ts'
import { createAppGate } from './app-gate.ts'
import type { AppList } from './app-list.ts'
import type { OnAppNews } from './app-news.ts'
import { ENTER_PATH, entryRoutes } from './entry-routes.ts'
import { VERIFY_PATH, verifyRoutes } from './verify-routes.ts'

interface AppsRoomOptions {
  apps: AppList
  store: RecordStore
  clock: Clock
  makeLimiter: MakeLimiter
  randomness: Randomness
  sessions: Pick<SessionService, 'authenticateAt' | 'useFor' | 'enter' | 'leave'>
  current: CurrentSession
  clientAddresses: Pick<ClientAddresses, 'of' | 'isFromProxy'>
  publicUrl: string
  headers: Pick<HeaderSets, 'anyHost'>
  logger: Pick<FastifyBaseLogger, 'warn'>
  /** Told who enters and who may not, each thing once. */
  onNews: OnAppNews
}

/** Other applications, whose proxies ask who is signed in. */
export interface AppsRoom {
  applicationOf: ApplicationOf
  /** `/auth/verify`, `/auth/forward`, `/auth/enter`, and `/.scanin/*` on the applications' hosts. */
  routes(app: TypedApp): void
}

/** Routes of our own host, or whose replies only a proxy hears. */
const OF_OUR_HOST: ReadonlySet<string | undefined> = new Set([ENTER_PATH, VERIFY_PATH])

/** Opens the room of applications behind forward auth. */
export function createAppsRoom(options: AppsRoomOptions): AppsRoom {
  const { apps, publicUrl } = options
  const gate = createAppGate(options)
  const codes = createAppCodes(options)
  const codeLimit = createCodeLimit(options.makeLimiter, 'app')

  return {
    applicationOf(returnTo) {
      const url = new URL(returnTo, publicUrl)
      const isErrand = url.origin === publicUrl && url.pathname === ENTER_PATH
      const app = apps.find(isErrand ? (parseOrigin(url.searchParams.get('app') ?? '') ?? '') : url.origin)
      return app && { name: app.name, origin: app.origin }
    },

    routes(app) {
      app.register(async (scope: TypedApp) => {
        // A reply that a proxy sends on comes from the application's host.
        scope.addHook('onSend', async (request, reply, payload) => {
          if (!OF_OUR_HOST.has(request.routeOptions.url)) asOfAnyHost(reply, options.headers)
          return payload
        })
        // A sign-out may be a form, of which nothing is read.
        scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
        verifyRoutes(scope, { ...options, gate })
        entryRoutes(scope, { ...options, gate, codes, codeLimit })
      })
    },
  }
}
