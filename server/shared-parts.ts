import type { AppOptions } from './app-options.ts'
import { ENTER_PATH } from './apps/forward-auth/entry-routes.ts'
import { createAudit } from './audit/audit.ts'
import { createWebhooks } from './audit/webhooks.ts'
import { createBranding } from './brand/branded-site.ts'
import { createEventsRoom } from './events/events-room.ts'
import { createClientAddresses } from './http/client-address.ts'
import { createConnections } from './http/connections.ts'
import { createCookies } from './http/cookies.ts'
import { createSites } from './http/languages.ts'
import { offerProvider } from './http/pages.ts'
import { nowhere } from './http/place.ts'
import { createPressure } from './http/pressure.ts'
import { createNetworkLimit } from './http/rate-limits.ts'
import { createRequestLog } from './http/request-log.ts'
import { createReturnCheck } from './http/return-to.ts'
import { headerSets } from './http/security-headers.ts'
import { createApprovingTokens } from './identity/approving-tokens.ts'
import { createTroubleLog } from './log/trouble-log.ts'
import { createHolds } from './login/hold/holds.ts'
import { longestSlowdown } from './login/hold/paces.ts'
import { createListeners } from './news/listeners.ts'
import { PATHS } from './oauth/paths.ts'

export type SharedParts = ReturnType<typeof createSharedParts>

/**
 * What more than one room is given: how requests are understood and answered, how busy the service is, and who hears of what
 * happens. A room takes what its options name, and sees nothing else of it.
 */
export function createSharedParts(options: AppOptions) {
  const { config, store, clock, randomness, makeLimiter, logger, placeOf = nowhere } = options
  const { publicUrl, allowedOrigins } = config
  const base = { publicUrl, allowedOrigins, store, clock, randomness, makeLimiter, logger, placeOf }

  const log = createRequestLog(logger, options.troubles ?? createTroubleLog(options))
  const connections = createConnections(options.mostConnections)
  const pressure = createPressure({
    busySince: options.busySince,
    uses: [() => connections.use, options.storeUse],
    longestSlowdown: longestSlowdown(config.pace),
    now: options.now ?? (() => performance.now()),
  })

  const webhooks = config.webhook && createWebhooks({ ...base, ...config.webhook })
  const audit = createAudit({ logger, send: webhooks?.send, placeOf })
  const events = createEventsRoom(base)

  return {
    ...options,
    ...base,
    ...createLooks(options),
    headers: headerSets(publicUrl, allowedOrigins, options.apps !== undefined),
    cookies: createCookies(config.isCookieSecure),
    clientAddresses: createClientAddresses({ ...config, logger }),
    approvingTokens: createApprovingTokens(options),
    allowedReturn: createReturnCheck(publicUrl, config.returnToOrigins, ENTER_PATH, PATHS.authorization),
    /** Of logins, by client address, whoever begins them. */
    creationLimit: createNetworkLimit(makeLimiter, 'logins', config.rates.loginsPerMinute),
    log,
    connections,
    pressure,
    holds: createHolds({ clock, pace: config.pace, refresh: config.login.qrRefreshMs / 1000, pressure }),
    webhooks,
    audit,
    events,
    listeners: {
      ofLogins: createListeners(audit.onLoginNews, events.onLoginNews),
      ofSessions: createListeners(audit.onSessionNews, events.onSessionNews),
      ofPasskeys: createListeners(audit.onPasskeyNews, events.onPasskeyNews),
      ofAccounts: createListeners(audit.onAccountEnd, events.onAccountEnd),
    },
  }
}

/** What pages look like, in each language. */
function createLooks({ config, web, logo }: AppOptions) {
  const offer = offerProvider(config.phoneOidc)
  const branding = createBranding(config.brand, logo)
  const sites = createSites(web.languages, config.publicUrl.startsWith('https:'), (files) => branding.of(offer(files)))
  return { sites, siteFor: sites.siteFor, brandAssets: branding.assets }
}
