import { isOfRequest } from '../http/request-context.ts'
import { publicPerson } from '../identity/person-key.ts'
import { type Login, phoneOf } from '../login/login.ts'
import type { LoginNews } from '../login/login-news.ts'
import { type AuditEvent, type AuditName, doneBy } from './audit-event.ts'

type Happened = Pick<AuditEvent, 'method' | 'reason' | 'tries_left'> & { audit: AuditName; isFailure?: true }

/** What the browser that waits does, or finds, itself, and no phone. */
const OF_BROWSERS: ReadonlySet<LoginNews['type']> = new Set(['match', 'remove', 'expire'])

/**
 * What is worth a line of what happened to a login. `undefined`: nothing; it is as it was, what was uncertain has one already,
 * or the session tells of it.
 */
export function auditOfLogin(news: LoginNews): AuditEvent | undefined {
  if (news.wasUncertainAt !== undefined) return undefined
  const happened = whatHappened(news)
  const login = news.after ?? news.before
  if (happened === undefined || login === undefined) return undefined
  const { audit, isFailure, ...more } = happened
  const outcome = news.isUncertain ? 'unknown' : isFailure ? 'failure' : 'success'
  const isOfBrowser = !isOfRequest(news.by) || OF_BROWSERS.has(news.type)
  return {
    audit,
    outcome,
    // A poll's context has neither: the browser that polls is the login's.
    address: login.ip,
    device: login.browser,
    ...doneBy(news.by),
    ...phoneLabels(login),
    login: news.loginId,
    ...(login.application && { application: login.application.origin ?? login.application.name }),
    ...(isOfBrowser ? {} : { browser: login.browser, browser_address: login.ip }),
    ...more,
  }
}

function whatHappened({ type, before, after, why }: LoginNews): Happened | undefined {
  switch (type) {
    case 'scan':
      return scanned(before, after)
    case 'confirm':
      // Confirmed again, digits are made anew and nothing is decided.
      return before?.status === 'scanned'
        ? { audit: 'login.confirmed', ...methodOf(after), ...matchAsked(after) }
        : undefined
    case 'match':
      return matched(after)
    case 'deny':
      return { audit: 'login.denied', reason: why ?? 'by_phone' }
    case 'remove':
      return { audit: 'login.cancelled' }
    case 'expire':
      return { audit: 'login.expired', isFailure: true }
    case 'create':
    case 'rotate':
    // The session tells of this (of-sessions.ts), at this very moment.
    case 'collect':
    case 'give':
    case 'acknowledge':
      return undefined
    default:
      return type satisfies never
  }
}

function scanned(before: Login | undefined, after: Login | undefined): Happened | undefined {
  if (before?.status === 'pending') return { audit: 'login.scanned' }
  return phoneOf(before)?.id === phoneOf(after)?.id ? undefined : { audit: 'login.taken_over' }
}

function methodOf(after: Login | undefined): Pick<Happened, 'method'> {
  return phoneOf(after)?.confirm === undefined ? {} : { method: 'passkey' }
}

function matchAsked(after: Login | undefined): Pick<Happened, 'reason'> {
  return { reason: after?.status === 'match_required' ? 'match_required' : 'no_match' }
}

function matched(after: Login | undefined): Happened {
  if (after?.status === 'authenticated') return { audit: 'login.matched' }
  if (after?.status !== 'match_required') return { audit: 'login.denied', isFailure: true, reason: 'wrong_match_codes' }
  return { audit: 'login.match_failed', isFailure: true, tries_left: after.triesLeft }
}

/** Whose phone it is, and by which session. A native app has none, and is known by where its person comes from. */
function phoneLabels(login: Login): Partial<AuditEvent> {
  const phone = phoneOf(login)
  if (phone === undefined) return {}
  return { ...publicPerson(phone.user), ...(phone.goodUntil === undefined ? { session: phone.id } : {}) }
}
