import { isOfRequest } from '../http/request-context.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { Session } from '../session/session.ts'
import type { SessionChange, SessionNews } from '../session/session-news.ts'
import { type AuditEvent, type AuditName, doneBy } from './audit-event.ts'

const CHANGES = {
  kept: 'session.kept',
  signed_out: 'session.signed_out',
  revoked: 'session.revoked',
  replaced: 'session.replaced',
  displaced: 'session.displaced',
  withdrawn: 'session.withdrawn',
  ended: 'session.revoked',
} as const satisfies Record<string, AuditName>

/** `undefined`: the end of its owner's account has a line, or this one had its line when it was uncertain. */
export function auditOfSession(news: SessionNews): AuditEvent | undefined {
  if ('session' in news && news.wasUncertainAt !== undefined) return undefined
  switch (news.type) {
    case 'opened':
      return opened(news)
    case 'sign_in_failed':
    case 'sign_in_slowed':
      return {
        audit: news.type === 'sign_in_failed' ? 'sign_in.failed' : 'sign_in.slowed',
        outcome: 'failure',
        ...doneBy(news.by),
        ...(news.user && publicPerson(news.user)),
      }
    case 'account_ended':
      return undefined
    default:
      return { ...changed(news, CHANGES[news.type]), ...(news.type === 'ended' ? { reason: 'operator' } : {}) }
  }
}

/** A browser's session is told of as its login is collected; a phone's, as its owner signs in. */
function opened(news: SessionChange): AuditEvent {
  const { id, session, by } = news
  const { kind, handedOverBy, ip, browser } = session
  return {
    audit: kind === 'browser' ? 'login.collected' : 'sign_in.succeeded',
    outcome: news.isUncertain ? 'unknown' : 'success',
    address: ip,
    device: browser,
    ...doneBy(by),
    ...publicPerson(session.user),
    ...(handedOverBy === undefined ? {} : { login: handedOverBy }),
    session: id,
    kind,
    ...(kind === 'phone' ? methodOf(session) : {}),
  }
}

/** How somebody signed in. People of the team's provider sign in there alone, by whatever they use. */
function methodOf({ user, amr = [] }: Session): Pick<AuditEvent, 'method'> {
  if (user.source === 'oidc') return { method: 'oidc' }
  return amr.length > 0 && !amr.includes('pwd') ? { method: 'passkey' } : {}
}

/** A change that no request asked for has the session's own address and device. */
function changed({ id, session, by, isUncertain, reason }: SessionChange, audit: AuditName): AuditEvent {
  const bySession = isOfRequest(by) ? by.labels.session : undefined
  return {
    audit,
    outcome: isUncertain ? 'unknown' : 'success',
    address: session.ip,
    device: session.browser,
    ...doneBy(by),
    ...publicPerson(session.user),
    session: id,
    kind: session.kind,
    ...(reason === undefined ? {} : { reason }),
    ...(bySession === undefined || bySession === id ? {} : { by_session: bySession }),
  }
}
