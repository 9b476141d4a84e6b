import type { AdminNews } from '../admin/admin-news.ts'
import { publicPerson } from '../identity/person-key.ts'
import { type AuditEvent, doneBy } from './audit-event.ts'

/** Each session that an operator ended has a line of its own besides. */
export function auditOfAdmin(news: AdminNews): AuditEvent {
  if (news.type === 'refused') return { audit: 'admin.refused', outcome: 'failure', ...doneBy(news.by) }
  const { type, person, sessions, isUncertain, by } = news
  return {
    audit: `admin.${type}`,
    outcome: isUncertain ? 'unknown' : 'success',
    ...doneBy(by),
    ...publicPerson(person),
    ...(sessions === undefined ? {} : { sessions }),
  }
}
