import { createAdminApp } from './admin/admin-app.ts'
import { createBlockedList } from './admin/blocked-list.ts'
import { createOperators } from './admin/operators.ts'
import type { AppOptions } from './app-options.ts'
import { appLinksRoutes } from './apps/app-links/app-links-routes.ts'
import { backEndTokenRoutes } from './apps/back-end-tokens.ts'
import { healthRoutes } from './http/health.ts'
import { createMetricsApp } from './http/metrics-app.ts'
import { openApi } from './http/openapi/openapi.ts'
import { letOtherOriginsIn } from './http/other-origins.ts'
import { createPages } from './http/pages.ts'
import { refuseInOrder } from './http/refusal-order.ts'
import { createRequestIds } from './http/request-labels.ts'
import { withHeaders } from './http/security-headers.ts'
import type { TypedApp } from './http/typed-app.ts'
import { createWebApp } from './http/web-app.ts'
import { tellEndsOnce } from './identity/account-news.ts'
import { jwksRoute } from './keys/jwks-route.ts'
import { createRooms, type Rooms } from './rooms.ts'
import { createAccountSessions } from './session/account-sessions.ts'
import { authenticateBeforeValidation } from './session/authenticate-before-validation.ts'
import { createSharedParts, type SharedParts } from './shared-parts.ts'
import { showNumbers } from './shown-numbers.ts'
import { createStoreProbe } from './store/store-probe.ts'

export interface BuiltApps {
  app: TypedApp
  /** For ports of their own, where there are such. */
  adminApp: TypedApp | undefined
  metricsApp: TypedApp | undefined
}

/** Puts ScanIn together from what `service.ts` chose. Nothing listens yet; closing `app` answers held polls at once. */
export async function buildApps(options: AppOptions): Promise<BuiltApps> {
  const shared = createSharedParts(options)
  const rooms = await createRooms(options, shared)
  if (options.metrics !== undefined) showNumbers(options.metrics, numbersOf(shared, rooms))
  const app = createApp(options, shared, rooms)
  followAccounts(app, options, shared, rooms)
  const adminApp = createOperatorsApp(options, shared, rooms)
  const metricsApp =
    options.config.metrics && options.metrics && createMetricsApp({ ...shared, ...options, metrics: options.metrics })
  return { app, adminApp, metricsApp }
}

/** Ends the sessions of accounts that are good no more, and tells of each such end once. */
function followAccounts(app: TypedApp, options: AppOptions, shared: SharedParts, { sessions }: Rooms): void {
  const tellOnce = tellEndsOnce({ ...shared, onEnd: shared.listeners.ofAccounts.tell })
  const accountSessions = createAccountSessions({ ...shared, end: sessions.service.endOfAccount })
  app.addHook('onClose', async () => accountSessions.close())
  options.followAccounts?.((news) => {
    tellOnce(news)
    accountSessions.hear(news)
  })
}

/** What browsers, phones and applications ask. */
function createApp(options: AppOptions, shared: SharedParts, rooms: Rooms): TypedApp {
  const { config } = options
  const { headers, cookies, connections, events, publicUrl } = shared
  const { current } = rooms.sessions
  const pages = createPages({
    ...shared,
    moreAssets: shared.brandAssets,
    isSignedIn: async (request) => (await current.find(request)) !== undefined,
  })
  const app = createWebApp({
    ...config,
    ...shared,
    requestIds: createRequestIds(shared),
    sessionCookieName: cookies.sessionName,
    shortcut: rooms.browser.pollLane,
    pages,
    takesTokens: options.bearerVerifiers.length > 0,
    onClosing() {
      shared.holds.closing.come()
      // Called now, so that its seconds run beside those that connections have, and not after them.
      void rooms.teamProvider?.close()
    },
  })
  app.addHook('onListen', async () => void rooms.teamProvider?.prepare())
  // Fastify runs these hooks last to first. Events and webhooks share two of the process's nine seconds.
  app.addHook('onClose', async () => void (await Promise.all([events.close(), shared.webhooks?.close()])))
  app.addHook('onClose', async () => rooms.oauth?.close())
  app.addHook('onClose', async () => rooms.keys?.close())
  app.addHook('onClose', async () => rooms.teamProvider?.close())
  // A route that sets a cookie itself has its way.
  app.addHook('onSend', async (request, reply, payload) => {
    const cookie = current.renewed(request)
    if (cookie !== undefined && !reply.hasHeader('set-cookie')) reply.header('set-cookie', cookie)
    return payload
  })
  openApi(app, { publicUrl, version: options.version, cookies, headers })
  pages.routes(app)
  app.register(async (api: TypedApp) => {
    api.addHook('onRequest', withHeaders(headers.api))
    letOtherOriginsIn(api, config.allowedOrigins)
    api.addHook('onRequest', refuseInOrder(shared.pressure))
    api.setErrorHandler(authenticateBeforeValidation({ nativeApp: rooms.nativeApp, current: rooms.sessions.current }))
    healthRoutes(api, { probeStore: createStoreProbe(shared), isStopping: () => connections.isDraining })
    roomsRoutes(api, options, shared, rooms)
  })
  return app
}

/** What the rooms answer. */
function roomsRoutes(
  api: TypedApp,
  { config, findAppLink = () => undefined }: AppOptions,
  shared: SharedParts,
  rooms: Rooms,
): void {
  const { sessions, oauth, keys } = rooms
  rooms.browser.routes(api)
  rooms.phone.routes(api)
  sessions.routes(api)
  rooms.teamProvider?.routes(api)
  rooms.apps.routes(api)
  rooms.passkeys.routes(api)
  shared.events.routes(api, { current: sessions.current, sessions: sessions.service })
  appLinksRoutes(api, findAppLink)
  if (oauth !== undefined) api.register(async (scope: TypedApp) => oauth.routes(scope))
  if (keys === undefined) return
  jwksRoute(api, keys, { isForAnyPage: oauth !== undefined })
  const audiences = config.tokenAudiences
  if (audiences.length > 0) backEndTokenRoutes(api, { ...shared, audiences, keys, current: sessions.current })
}

/** What operators ask. */
function createOperatorsApp(options: AppOptions, { audit, log }: SharedParts, { logins, sessions }: Rooms) {
  const { config, usernameOf, metrics, schemaController } = options
  const onNews = audit.onAdminNews
  const operators = createOperators({
    sessions: sessions.service,
    logins,
    blocked: createBlockedList(options),
    hasAccount: (id) => usernameOf({ id }) !== undefined,
    onNews,
  })
  return (
    config.admin && createAdminApp({ ...options, ...config.admin, metrics, schemaController, log, operators, onNews })
  )
}

function numbersOf({ log, audit, holds, webhooks }: SharedParts, { sessions, browser, phone, passkeys }: Rooms) {
  const queues = { ...sessions.queues, digits: browser.queue, codes: phone.queue, passkeys: passkeys.queue }
  return { replies: log.tally, audit, holds, queues, webhooks }
}
