import { createNetworkFailures } from '../http/failure-limits.ts'
import { createInnerApp, type InnerAppOptions } from '../http/inner-app.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { createAdminGuard } from './admin-guard.ts'
import type { OnAdminNews } from './admin-news.ts'
import { type AdminRoutesOptions, adminRoutes } from './admin-routes.ts'

export interface AdminAppOptions extends Omit<AdminRoutesOptions, 'clientAddresses'>, InnerAppOptions {
  token: string
  host: string
  makeLimiter: MakeLimiter
  onNews: OnAdminNews
}

const WRONG_TOKENS_PER_MINUTE = 10

/** An app of its own for a port of its own. It does not listen yet. */
export function createAdminApp(options: AdminAppOptions): TypedApp {
  const { app, clientAddresses } = createInnerApp(options)
  const failures = createNetworkFailures(options.makeLimiter, 'admin', WRONG_TOKENS_PER_MINUTE)
  app.addHook('onRequest', createAdminGuard({ ...options, failures, clientAddresses }))
  adminRoutes(app, { ...options, clientAddresses })
  return app
}
