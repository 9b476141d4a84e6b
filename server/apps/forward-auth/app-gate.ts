import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import { hashSecret } from '../../hashes.ts'
import type { ClientAddresses } from '../../http/client-address.ts'
import { type Cookies, createCookies, readCookie } from '../../http/cookies.ts'
import { createDestinationCheck } from '../../http/return-to.ts'
import { publicPerson } from '../../identity/person-key.ts'
import type { IdentifiedSession } from '../../session/session.ts'
import type { SessionService } from '../../session/session-service.ts'
import type { App, AppList } from './app-list.ts'
import { type Asked, askedBy } from './asked.ts'

interface AppGateOptions {
  apps: AppList
  sessions: Pick<SessionService, 'authenticateAt'>
  clientAddresses: Pick<ClientAddresses, 'isFromProxy'>
  logger: Pick<FastifyBaseLogger, 'warn'>
}

/** A request at an application's host. */
export interface AppRequest {
  app: App
  asked: Asked
  cookies: Cookies
}

/** An application's host, as its proxy tells of it. */
export interface AppGate {
  /** @throws ScanInError `authentication_required`: no proxy says what was asked; `unknown_application` */
  appRequestOf(request: FastifyRequest): AppRequest
  /** Who is signed in at the application, by that one's cookie and nothing else. */
  visitor(request: FastifyRequest, appRequest: AppRequest): Promise<IdentifiedSession | undefined>
}

/** Which session, and its secret at one application. */
const COOKIE_FORM = /^([\w-]{43})\.([\w-]{43})$/
/** Each of so many origins is warned of once: made-up hosts must not hide an operator's mistake. */
const MOST_WARNED = 20

const OVER_HTTPS = createCookies(true)
const OVER_HTTP = createCookies(false)

/** Cookies as they are on an application's host. */
function cookiesAt({ origin }: App): Cookies {
  return origin.startsWith('https:') ? OVER_HTTPS : OVER_HTTP
}

/** The value of the cookie that lets a session in at one application. */
export function entryCookie(session: string, secret: string): string {
  return `${session}.${secret}`
}

/** A way on that leads to a page of the application and to nowhere else; its first page, where it would not. */
export function safeReturnPath({ origin }: App, rd: string | undefined): string {
  const allowed = createDestinationCheck(origin)(rd)
  // Pages of ours lead to where they were called for.
  return allowed === undefined || /^\/\.scanin(\/|$|\?)/i.test(allowed) ? '/' : allowed
}

export function createAppGate({ apps, sessions, clientAddresses, logger }: AppGateOptions): AppGate {
  const warned = new Set<string>()
  let version = apps.version()

  function warn(origin: string): void {
    // A list in between may have had the origin, and this one has lost it again: that is worth a new warning.
    if (version !== apps.version()) warned.clear()
    version = apps.version()
    if (warned.has(origin)) return
    if (warned.size === MOST_WARNED) warned.clear()
    warned.add(origin)
    logger.warn({ origin }, 'a proxy asks about an application that APPS_FILE does not have')
  }

  return {
    appRequestOf(request) {
      const asked = askedBy(request, clientAddresses)
      if (asked === undefined) throw new ScanInError('authentication_required')
      const app = apps.find(asked.origin)
      if (app === undefined) {
        warn(asked.origin)
        throw new ScanInError('unknown_application')
      }
      return { app, asked, cookies: cookiesAt(app) }
    },

    async visitor({ headers, labels }, { app, cookies }) {
      const cookie = readCookie(headers.cookie, cookies.applicationName)
      const [, id, secret] = COOKIE_FORM.exec(cookie ?? '') ?? []
      if (id === undefined || secret === undefined) return undefined
      const found = await sessions.authenticateAt(id, app.origin, hashSecret(secret))
      if (found !== undefined) Object.assign(labels, { session: found.id, ...publicPerson(found.session.user) })
      return found
    },
  }
}
