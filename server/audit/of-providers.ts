import { publicPerson } from '../identity/person-key.ts'
import type { ProviderNews } from '../team-provider/provider-news.ts'
import { type AuditEvent, doneBy } from './audit-event.ts'

export function auditOfProvider({ why, user, by }: ProviderNews): AuditEvent {
  const who = { ...doneBy(by), ...(user && publicPerson(user)) }
  return { audit: 'sign_in.failed', outcome: 'failure', ...who, method: 'oidc', reason: why }
}
