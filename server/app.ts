import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { createCookies } from './http/cookies.ts'
import { answerBrokenRequest, answerUnroutable, answerWithProblems, refuseMissingHost } from './http/error-replies.ts'
import { healthRoutes } from './http/health.ts'
import { httpServer } from './http/http-server.ts'
import { acceptStrictJson, BODY_LIMIT_BYTES } from './http/json-body.ts'
import type { Metrics } from './http/metrics.ts'
import { openApi } from './http/openapi.ts'
import { createOriginCheck } from './http/origin-check.ts'
import { pages } from './http/pages.ts'
import { createRateLimit, type MakeLimiter } from './http/rate-limits.ts'
import { createRequestLog, logReplies } from './http/request-log.ts'
import { createReturnCheck } from './http/return-to.ts'
import { headerSets, withHeaders } from './http/security-headers.ts'
import type { TypedApp } from './http/typed-app.ts'
import type { BearerVerifier, PasswordVerifier } from './identity/identity.ts'
import { createBrowserLogins } from './login/browser-logins.ts'
import { browserRoutes } from './login/browser-routes.ts'
import { createClosing } from './login/closing.ts'
import { createCollect } from './login/hand-over.ts'
import { createLoginRecords } from './login/login-records.ts'
import { createPhoneApprovals } from './login/phone-approvals.ts'
import { createPhoneAuthentication } from './login/phone-authentication.ts'
import { phoneRoutes } from './login/phone-routes.ts'
import { createPoll } from './login/poll.ts'
import { createPollLane } from './login/poll-lane.ts'
import { createPollingClients } from './login/polling-clients.ts'
import { createUserCodes } from './login/user-codes.ts'
import type { Randomness } from './randomness.ts'
import { createCurrentSession } from './session/current-session.ts'
import { forwardAuthRoutes } from './session/forward-auth.ts'
import { sessionRoutes } from './session/session-routes.ts'
import { createSessionService } from './session/session-service.ts'
import { signInRoutes } from './session/sign-in-routes.ts'
import type { RecordStore } from './store/record-store.ts'

export interface AppOptions {
  config: Config
  store: RecordStore
  makeLimiter: MakeLimiter
  verifyPassword: PasswordVerifier
  bearerVerifiers: readonly BearerVerifier[]
  clock: Clock
  randomness: Randomness
  logger: FastifyBaseLogger
  /** Left out: nobody asks for them, and nothing is counted. */
  metrics?: Metrics | undefined
  /** The folder of what the build made of `web/`. */
  webRoot: string
  version: string
}

/** Wrong codes a person may send a minute before the phone has to pause (RFC 8628 §5.1). */
const WRONG_CODES_PER_MINUTE = 10

/** Puts ScanIn together from what `main` chose. The instance does not listen yet; closing it answers held polls at once. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, store, clock, randomness, makeLimiter, logger, metrics } = options
  const headers = headerSets(config.publicUrl)
  const cookies = createCookies(config.isCookieSecure)
  const closing = createClosing()

  const sessions = createSessionService({
    store,
    clock,
    policy: config.session,
    onFirstUse: async (loginId) => void (await records.apply(loginId, () => ({ type: 'acknowledge' }))),
  })
  const records = createLoginRecords({ store, clock })
  const userCodes = createUserCodes(store)
  const collect = createCollect({ records, sessions, clock })
  const loginParts = { records, userCodes, clock, randomness, policy: config.login, closing }
  const logins = createBrowserLogins({ ...loginParts, collect })
  const current = createCurrentSession(sessions, cookies)
  const pace = { interval: config.pollIntervalSeconds, hold: config.pollHoldSeconds }
  const clients = createPollingClients({ clock, intervalSeconds: config.pollIntervalSeconds })
  const poll = createPoll({ logins, cookies, clients, pace })
  const checkOrigin = createOriginCheck({ ...config, sessionCookieName: cookies.sessionName })

  const allowedReturn = createReturnCheck(config.publicUrl, config.returnToOrigins)

  const log = createRequestLog(logger, metrics)

  const app: TypedApp = Fastify({
    // ScanIn logs by itself: Fastify's log prints the URL, and makes a logger for every request.
    logger: false,
    serverFactory: httpServer(createPollLane({ poll, cookies, pace, headers, log, closing })),
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    // What still comes in while the process ends is answered like any request, and its connection closed after it.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerUnroutable(headers),
    // Strict on the way in: "1" is no number, and an unknown key is a mistake to be told about.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  app.addHook('preClose', async () => {
    closing.come()
    // A connection whose last reply is only now on its way is not kept for another request.
    app.server.keepAliveTimeout = 1
  })
  logReplies(app, log)
  answerWithProblems(app, headers, log)
  acceptStrictJson(app)
  app.addHook('onRequest', refuseMissingHost)
  app.addHook('onRequest', (request, _reply, done) => {
    checkOrigin(request)
    done()
  })

  await openApi(app, { ...config, version: options.version, sessionCookieName: cookies.sessionName, headers })
  pages(app, { root: options.webRoot, headers })
  app.register(async (api: TypedApp) => {
    api.addHook('onRequest', withHeaders(headers.api))
    healthRoutes(api, store)
    browserRoutes(api, {
      logins,
      poll,
      cookies,
      clients,
      creationLimit: createRateLimit(makeLimiter, 'logins', config.rates.loginsPerMinute),
      verificationUri: `${config.publicUrl}/scan`,
      browserKeyMaxAge: (config.login.lifeMs + config.login.confirmMs + config.login.collectMs) / 1000,
      pace,
      allowedReturn,
    })
    phoneRoutes(api, {
      approvals: createPhoneApprovals(loginParts),
      authenticatePhone: createPhoneAuthentication(current, options.bearerVerifiers),
      clients,
      wrongCodeLimit: createRateLimit(makeLimiter, 'wrong-codes', WRONG_CODES_PER_MINUTE),
      matchMode: config.match,
      publicUrl: config.publicUrl,
      pace,
    })
    forwardAuthRoutes(api, { current, publicUrl: config.publicUrl, allowedReturn })
    sessionRoutes(api, { sessions, current, cookies, clock })
    signInRoutes(api, {
      verifyPassword: options.verifyPassword,
      sessions,
      cookies,
      randomness,
      signInLimit: createRateLimit(makeLimiter, 'sign-ins', config.rates.signInsPerMinute),
    })
  })
  return app as unknown as FastifyInstance
}
