import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createAdminApp } from './admin/admin-app.ts'
import { createBlockedList } from './admin/blocked-list.ts'
import { createOperators } from './admin/operators.ts'
import type { FindAppLink } from './apps/app-links/app-links.ts'
import { appLinksRoutes } from './apps/app-links/app-links-routes.ts'
import { backEndTokenRoutes } from './apps/back-end-tokens.ts'
import { type AppList, createAppList } from './apps/forward-auth/app-list.ts'
import { createApps } from './apps/forward-auth/apps.ts'
import { ENTER_PATH } from './apps/forward-auth/entry-routes.ts'
import { jwksRoute } from './apps/jwks-route.ts'
import type { SigningKeys } from './apps/key-set.ts'
import { createAudit } from './audit/audit.ts'
import { createWebhooks } from './audit/webhooks.ts'
import { createBranding } from './brand/branded-site.ts'
import type { Logo } from './brand/logo.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { createEars } from './ears.ts'
import { createEventsRoom } from './events/events-room.ts'
import type { BuiltWeb } from './http/built-web.ts'
import { createClientAddresses } from './http/client-address.ts'
import { createConnections } from './http/connections.ts'
import { createCookies } from './http/cookies.ts'
import { healthRoutes } from './http/health.ts'
import { createSites } from './http/languages.ts'
import type { Metrics } from './http/metrics.ts'
import { openApi } from './http/openapi/openapi.ts'
import { letOtherOriginsIn } from './http/other-origins.ts'
import { createPages, labelProvider } from './http/pages.ts'
import { nowhere, type PlaceOf } from './http/place.ts'
import { createPressure, type PressureOptions } from './http/pressure.ts'
import { createRateLimit, type MakeLimiter } from './http/rate-limits.ts'
import { createRequestIds } from './http/request-labels.ts'
import { createRequestLog } from './http/request-log.ts'
import { createReturnCheck } from './http/return-to.ts'
import { headerSets, withHeaders } from './http/security-headers.ts'
import type { TypedApp } from './http/typed-app.ts'
import { createWebApp, type WebAppOptions } from './http/web-app.ts'
import { type OnAccountNews, tellEndsOnce } from './identity/account-news.ts'
import { bearersOfUnblocked, type IsBlocked } from './identity/blocked-people.ts'
import { createProofs } from './identity/dpop.ts'
import type { BearerVerifier, CurrentPerson, PasswordVerifier, User, VouchFor } from './identity/identity.ts'
import { createNativeApps } from './identity/native-apps.ts'
import { type ApplicationOf, firstApplication } from './login/application.ts'
import { createBrowserRoom } from './login/browser/browser-room.ts'
import { createHolds } from './login/hold/holds.ts'
import { longestStretch } from './login/hold/paces.ts'
import { createLogins } from './login/logins.ts'
import { createPhoneRoom } from './login/phone/phone-room.ts'
import type { Clients } from './oauth/client.ts'
import { logoOf } from './oauth/logos.ts'
import { createOAuthRoom } from './oauth/oauth-room.ts'
import { PATHS } from './oauth/paths.ts'
import { createPasskeysRoom } from './passkeys/passkeys-room.ts'
import type { Randomness } from './randomness.ts'
import { refuseInOrder } from './refusal-order.ts'
import { createSessions } from './session/sessions.ts'
import { showNumbers } from './shown-numbers.ts'
import { keysInStore } from './signing.ts'
import type { RecordStore } from './store/record-store.ts'
import { createStoreProbe } from './store/store-probe.ts'
import { createTeamProviderRoom, type TeamProviderRoom } from './team-provider/team-provider-room.ts'
import { createTroubleLog, type TroubleLog } from './trouble-log.ts'

export interface AppOptions {
  config: Config
  store: RecordStore
  makeLimiter: MakeLimiter
  verifyPassword: PasswordVerifier
  currentPerson: CurrentPerson
  /** Whose account a user name is: for records of tries that went wrong. */
  accountOf?: ((username: string) => User | undefined) | undefined
  /** Tells of accounts that end, and of those that are back. Left out: they do not change. */
  followAccounts?: ((onNews: OnAccountNews) => void) | undefined
  /** Applications behind forward auth. Left out: none. */
  apps?: AppList | undefined
  /** Where addresses are. Left out: nobody says. */
  placeOf?: PlaceOf | undefined
  bearerVerifiers: readonly BearerVerifier[]
  /** What platforms are told of the team's native apps. Left out: nothing. */
  findAppLink?: FindAppLink | undefined
  /** What an account signs in by: for applications that want to know. */
  usernameOf?: ((user: User) => string | undefined) | undefined
  /** Of OpenID Connect. Left out: none of it is served. */
  clients?: Clients | undefined
  clock: Clock
  randomness: Randomness
  logger: FastifyBaseLogger
  /** Of a file. Left out: they are in the store. */
  signingKeys?: SigningKeys | undefined
  /** Where the store's troubles are told too; left out, requests have one of their own. */
  troubles?: TroubleLog
  /** Where what is counted is shown. Left out: nobody asks. */
  metrics?: Metrics | undefined
  schemaController?: WebAppOptions['schemaController']
  /** How many clients' connections may be open at a time. */
  mostConnections: number
  /** How much of what may be asked of the store at a time is being asked: 0 to 1. */
  storeUse: () => number
  /** How much the process had to do. */
  busySince: PressureOptions['busySince']
  /** Milliseconds on a clock that nobody sets. Left out: the process's own. */
  now?: PressureOptions['now']
  web: BuiltWeb
  /** Of the team. Left out: ours. */
  logo?: Logo | undefined
  version: string
}

export interface BuiltApps {
  app: FastifyInstance
  /** For a port of its own, where there is one. */
  adminApp: FastifyInstance | undefined
}

/** `buildApps` without what operators ask. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  return (await buildApps(options)).app
}

/** Puts ScanIn together from what `service.ts` chose. Nothing listens yet; closing `app` answers held polls at once. */
export async function buildApps(options: AppOptions): Promise<BuiltApps> {
  const { config, store, clock, randomness, makeLimiter, placeOf = nowhere } = options
  const { publicUrl } = config

  const label = labelProvider(config.phoneOidc?.label)
  const branding = createBranding(config.brand, options.logo)
  const sites = createSites(options.web.languages, (files) => branding.of(label(files)))
  const { siteFor } = sites
  const headers = headerSets(publicUrl, config.allowedOrigins)
  const cookies = createCookies(config.isCookieSecure)
  const allowedReturn = createReturnCheck(publicUrl, config.returnToOrigins, ENTER_PATH, PATHS.authorization)
  const clientAddresses = createClientAddresses({ ...config, logger: options.logger })
  const troubles = options.troubles ?? createTroubleLog(options)
  const log = createRequestLog(options.logger, troubles)

  const connections = createConnections(options.mostConnections)
  const webhooks = config.webhook && createWebhooks({ ...config.webhook, clock, randomness, logger: options.logger })
  const audit = createAudit({ logger: options.logger, send: webhooks?.send, placeOf })
  const events = createEventsRoom({ store, clock, placeOf, logger: options.logger })
  const ears = {
    ofLogins: createEars(audit.onLoginNews, events.onLoginNews),
    ofSessions: createEars(audit.onSessionNews, events.onSessionNews),
    ofPasskeys: createEars(audit.onPasskeyNews, events.onPasskeyNews),
    ofAccounts: createEars(audit.onAccountEnd, events.onAccountEnd),
  }
  const applications: ApplicationOf[] = []
  options.followAccounts?.(tellEndsOnce({ store, clock, onEnd: ears.ofAccounts.tell }))

  const logins = createLogins({ store, clock, randomness, policy: config.login, onNews: ears.ofLogins.tell })
  const pressure = createPressure({
    busySince: options.busySince,
    uses: [() => connections.use, options.storeUse],
    longestStretch: longestStretch(config.pace),
    now: options.now ?? (() => performance.now()),
  })
  const holds = createHolds({ clock, pace: config.pace, pressure })
  // Who is blocked, the sessions know, which native apps are shown.
  const isBlocked: IsBlocked = (person) => sessions.service.isBlocked(person)
  const nativeApp = createNativeApps({
    verifiers: bearersOfUnblocked(options.bearerVerifiers, isBlocked),
    checkProof: createProofs({ store, clock, makeLimiter, publicUrl }),
    currentPerson: options.currentPerson,
    clientAddresses,
    onRefused: audit.onBearerRefused,
  })
  // It signs in by sessions, which ask it as they are used.
  let teamProvider: TeamProviderRoom | undefined
  const vouchFor: VouchFor = async (user) => teamProvider?.vouchFor(user)
  const sessions = createSessions({
    store,
    clock,
    randomness,
    makeLimiter,
    cookies,
    clientAddresses,
    placeOf,
    policy: config.session,
    openingMs: config.login.collectMs,
    nativeApp,
    verifyPassword: options.verifyPassword,
    currentPerson: options.currentPerson,
    vouchFor,
    signInFailuresPerMinute: config.rates.signInsPerMinute,
    onFirstUse: logins.acknowledge,
    onPhoneEnd: logins.withdraw,
    onNews: ears.ofSessions.tell,
    accountOf: options.accountOf,
  })
  if (config.phoneOidc !== undefined) {
    teamProvider = createTeamProviderRoom({
      ...options,
      provider: config.phoneOidc,
      publicUrl,
      siteFor,
      headers,
      cookies,
      clientAddresses,
      allowedReturn,
      sessions: sessions.service,
      signInPhone: sessions.signInPhone,
      longestSessionMs: Math.max(config.session.lifeMs, config.session.rememberMs),
      tripsPerMinute: config.rates.loginsPerMinute,
      onNews: audit.onProviderNews,
    })
  }
  const apps = createApps({
    apps: options.apps ?? createAppList(),
    store,
    clock,
    randomness,
    sessions: sessions.service,
    current: sessions.current,
    clientAddresses,
    publicUrl,
    logger: options.logger,
    onNews: audit.onAppNews,
  })
  applications.push(apps.applicationOf)
  const creationLimit = createRateLimit(makeLimiter, 'logins', config.rates.loginsPerMinute)
  const browser = createBrowserRoom({
    pressure,
    logins,
    holds,
    cookies,
    clientAddresses,
    headers,
    log,
    publicUrl,
    allowedOrigins: config.allowedOrigins,
    allowedReturn,
    applicationOf: firstApplication(applications),
    sessions: sessions.service,
    makeLimiter,
    creationLimit,
    currentPerson: options.currentPerson,
  })
  const passkeys = createPasskeysRoom({
    store,
    clock,
    randomness,
    makeLimiter,
    clientAddresses,
    publicUrl,
    brandName: config.brand.name,
    currentPerson: options.currentPerson,
    isBlocked: sessions.service.isBlocked,
    current: sessions.current,
    signInPhone: sessions.signInPhone,
    failuresPerMinute: config.rates.signInsPerMinute,
    challengesPerMinute: config.rates.loginsPerMinute,
    onNews: ears.ofPasskeys.tell,
  })
  const phone = createPhoneRoom({
    logins,
    holds,
    clientAddresses,
    placeOf,
    makeLimiter,
    publicUrl,
    current: sessions.current,
    nativeApp,
    matchMode: config.match,
    confirmMode: config.confirm,
    passkeys: passkeys.passkeys,
    logoOf: (returnTo) => options.clients && logoOf(options.clients, returnTo),
    isNewTo: events.isNewTo,
    rememberFor: Math.floor(config.session.rememberMs / 1000),
  })

  const keys = options.signingKeys ?? keysInStore(options)
  const oauth =
    options.clients &&
    keys &&
    (await createOAuthRoom({
      ...options,
      clients: options.clients,
      keys,
      publicUrl,
      siteFor,
      headers,
      cookies,
      clientAddresses,
      creationLimit,
      logins,
      collect: browser.collect,
      current: sessions.current,
      sessions: sessions.service,
    }))
  if (oauth !== undefined) {
    ears.ofSessions.add(oauth.onSessionNews)
    ears.ofAccounts.add(oauth.onAccountEnd)
    applications.push(oauth.applicationOf)
  }

  if (options.metrics !== undefined) {
    const queues = { ...sessions.queues, digits: browser.queue, codes: phone.queue, passkeys: passkeys.queue }
    showNumbers(options.metrics, { replies: log.tally, audit, holds, queues, webhooks })
  }

  const pages = createPages({
    web: options.web,
    moreAssets: branding.assets,
    sites,
    headers,
    allowedReturn,
    isSignedIn: async (request) => (await sessions.current.find(request)) !== undefined,
  })

  const sessionCookieName = cookies.sessionName
  const app = createWebApp({
    ...config,
    clientAddresses,
    headers,
    log,
    schemaController: options.schemaController,
    requestIds: createRequestIds({ clientAddresses, randomness }),
    sessionCookieName,
    shortcut: browser.pollLane,
    pages,
    connections,
    onClosing: holds.closing.come,
  })
  app.addHook('onListen', async () => void teamProvider?.prepare())
  app.addHook('onClose', async () => webhooks?.close())
  app.addHook('onClose', events.close)
  app.addHook('onClose', async () => oauth?.close())
  app.addHook('onClose', async () => keys?.close())
  // Before whatever the route itself says of the cookie.
  app.addHook('onSend', async (request, reply, payload) => {
    const cookie = sessions.current.renewed(request)
    if (cookie !== undefined && !reply.hasHeader('set-cookie')) reply.header('set-cookie', cookie)
    return payload
  })
  openApi(app, { publicUrl, version: options.version, cookies, headers })
  pages.routes(app)
  app.register(async (api: TypedApp) => {
    api.addHook('onRequest', withHeaders(headers.api))
    letOtherOriginsIn(api, config.allowedOrigins)
    api.addHook('onRequest', refuseInOrder(pressure))
    healthRoutes(api, {
      probeStore: createStoreProbe({ store, clock, randomness }),
      isStopping: () => connections.isDraining,
    })
    browser.routes(api)
    phone.routes(api)
    sessions.routes(api)
    teamProvider?.routes(api)
    apps.routes(api)
    passkeys.routes(api)
    events.routes(api, { current: sessions.current, sessions: sessions.service })
    appLinksRoutes(api, options.findAppLink ?? (() => undefined))
    if (oauth !== undefined) api.register(async (scope: TypedApp) => oauth.routes(scope))
    if (keys !== undefined) jwksRoute(api, keys, { isForAnyPage: oauth !== undefined })
    if (keys !== undefined && config.tokenAudiences.length > 0) {
      const audiences = config.tokenAudiences
      backEndTokenRoutes(api, { publicUrl, audiences, keys, current: sessions.current, clock, randomness })
    }
  })

  const adminApp =
    config.admin &&
    createAdminApp({
      ...options,
      ...config.admin,
      log,
      operators: createOperators({
        sessions: sessions.service,
        logins,
        blocked: createBlockedList(options),
        hasAccount: (id) => options.usernameOf?.({ id, name: '' }) !== undefined,
        onNews: audit.onAdminNews,
      }),
      metrics: options.metrics,
      schemaController: options.schemaController,
      onNews: audit.onAdminNews,
    })
  return { app: app as unknown as FastifyInstance, adminApp: adminApp as unknown as FastifyInstance | undefined }
}
