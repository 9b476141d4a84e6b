import type { AppNews } from '../apps/forward-auth/app-news.ts'
import { publicPerson } from '../identity/person-key.ts'
import { type AuditEvent, type AuditName, doneBy } from './audit-event.ts'

const NAMES = {
  entered: 'app.entered',
  refused: 'app.refused',
  left: 'app.left',
} as const satisfies Record<AppNews['type'], AuditName>

export function auditOfApp({ type, origin, person, session, by, isUncertain }: AppNews): AuditEvent {
  const outcome = type === 'refused' ? 'failure' : isUncertain ? 'unknown' : 'success'
  return { audit: NAMES[type], outcome, ...doneBy(by), ...publicPerson(person), session, application: origin }
}
