import type { FastifyBaseLogger } from 'fastify'
import type { OnAdminNews } from '../admin/admin-news.ts'
import type { OnAppNews } from '../apps/forward-auth/app-news.ts'
import { nowhere, type PlaceOf } from '../http/place.ts'
import type { RequestContext } from '../http/request-context.ts'
import { type Counts, countsOf } from '../http/tallies.ts'
import type { OnAccountEnd } from '../identity/account-news.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { OnLoginNews } from '../login/login-news.ts'
import type { OnPasskeyNews } from '../passkeys/passkey-news.ts'
import type { OnSessionNews } from '../session/session-news.ts'
import type { OnProviderNews } from '../team-provider/provider-news.ts'
import { AUDIT_NAMES, type AuditEvent, type AuditName, doneBy } from './audit-event.ts'
import { LOGIN_STEPS, type LoginStep, STEP_OF_EVENT, STEP_OF_NEWS } from './funnel.ts'
import { auditOfAdmin } from './of-admin.ts'
import { auditOfApp } from './of-apps.ts'
import { auditOfLogin } from './of-logins.ts'
import { auditOfPasskey } from './of-passkeys.ts'
import { auditOfProvider } from './of-providers.ts'
import { auditOfSession } from './of-sessions.ts'
import { type ToMail, toMail } from './to-mail.ts'

export interface AuditOptions {
  logger: FastifyBaseLogger
  /** Where events go besides the log. Must neither throw nor wait. */
  send?: ((event: AuditEvent & Partial<ToMail>) => void) | undefined
  /** Left out: nobody says. */
  placeOf?: PlaceOf | undefined
}

/** What happened, for the record. The rooms tell it by these, and know nothing of what becomes of it. */
export interface Audit {
  onLoginNews: OnLoginNews
  onSessionNews: OnSessionNews
  onPasskeyNews: OnPasskeyNews
  onProviderNews: OnProviderNews
  onAccountEnd: OnAccountEnd
  onAppNews: OnAppNews
  onAdminNews: OnAdminNews
  onBearerRefused: (refusal: { why: string; by: RequestContext }) => void
  /** How many there were. */
  events: Counts<AuditName>
  steps: Counts<LoginStep>
}

/**
 * One line for each step of a login, for each thing that changes who may do what, and for each try at it: at level info
 * whatever `LOG_LEVEL` says.
 */
export function createAudit({ logger, send, placeOf = nowhere }: AuditOptions): Audit {
  const lines = logger.level === 'silent' ? logger : logger.child({}, { level: 'info' })
  const events = countsOf(AUDIT_NAMES)
  const steps = countsOf(LOGIN_STEPS)

  function count(step: LoginStep | undefined): void {
    if (step !== undefined) steps[step]++
  }

  function tell(event: AuditEvent | undefined, sentAlone?: ToMail): void {
    if (event === undefined) return
    events[event.audit]++
    if (event.outcome !== 'unknown') count(STEP_OF_EVENT[event.audit])
    lines.info(event)
    send?.({ ...event, ...sentAlone })
  }

  return {
    events,
    steps,
    onLoginNews(news) {
      count(STEP_OF_NEWS[news.type])
      tell(auditOfLogin(news))
    },
    onSessionNews(news) {
      const event = auditOfSession(news)
      tell(event, send && event && toMail(news, event, placeOf))
    },
    onPasskeyNews: (news) => tell(auditOfPasskey(news)),
    onProviderNews: (news) => tell(auditOfProvider(news)),
    onAccountEnd: ({ user, why }) =>
      tell({ audit: 'account.ended', outcome: 'success', ...publicPerson(user), reason: why }),
    onAppNews: (news) => tell(auditOfApp(news)),
    onAdminNews: (news) => tell(auditOfAdmin(news)),
    onBearerRefused: ({ why, by }) => tell({ audit: 'bearer.refused', outcome: 'failure', ...doneBy(by), reason: why }),
  }
}
