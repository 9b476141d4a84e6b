import type { FastifyBaseLogger } from 'fastify'
import { createClientAddresses } from '../http/client-address.ts'
import { createConnections } from '../http/connections.ts'
import { createNetworkFailures } from '../http/failure-limits.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import { createRequestIds } from '../http/request-labels.ts'
import type { RequestLog } from '../http/request-log.ts'
import { headerSets, withHeaders } from '../http/security-headers.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { createWebApp, type WebAppOptions } from '../http/web-app.ts'
import type { Randomness } from '../randomness.ts'
import { createAdminGuard } from './admin-guard.ts'
import type { OnAdminNews } from './admin-news.ts'
import { type AdminRoutesOptions, adminRoutes } from './admin-routes.ts'

export interface AdminAppOptions extends Omit<AdminRoutesOptions, 'clientAddresses'> {
  token: string
  host: string
  makeLimiter: MakeLimiter
  randomness: Randomness
  log: RequestLog
  logger: FastifyBaseLogger
  schemaController: WebAppOptions['schemaController']
  onNews: OnAdminNews
}

/** Operators are few. */
const MOST_CONNECTIONS = 64
const WRONG_TOKENS_PER_MINUTE = 10
const noPage = () => false

/** An app of its own for a port of its own: it has no cookie, no page and no other origin. It does not listen yet. */
export function createAdminApp(options: AdminAppOptions): TypedApp {
  const { makeLimiter, logger } = options
  const headers = headerSets('', [])
  // Nobody stands between: what connects is who asks.
  const { of, isFromProxy } = createClientAddresses({ trustProxy: [], trustProxyHops: 1, logger })
  const clientAddresses = { of, isFromProxy, notice: () => undefined }
  const app = createWebApp({
    ...options,
    publicUrl: '',
    allowedOrigins: [],
    sessionCookieName: '',
    clientAddresses,
    headers,
    pages: { answerNavigation: noPage, answerTrouble: noPage },
    requestIds: createRequestIds({ clientAddresses, randomness: options.randomness }),
    connections: createConnections(MOST_CONNECTIONS),
    shortcut: noPage,
    onClosing: () => undefined,
  })
  const failures = createNetworkFailures(makeLimiter, 'admin', WRONG_TOKENS_PER_MINUTE)
  app.addHook('onRequest', withHeaders(headers.api))
  app.addHook('onRequest', createAdminGuard({ ...options, failures, clientAddresses }))
  adminRoutes(app, { ...options, clientAddresses })
  return app
}
