import { publicPerson } from '../identity/person-key.ts'
import type { PasskeyNews } from '../passkeys/passkey-news.ts'
import { type AuditEvent, type AuditName, doneBy } from './audit-event.ts'

const REFUSALS = {
  refused: 'passkey.refused',
  sign_in_failed: 'sign_in.failed',
  sign_in_slowed: 'sign_in.slowed',
} as const satisfies Record<string, AuditName>

/**
 * A passkey that signs in is told of by the session that it opens, and one that confirms by the login.
 * `undefined`: what was uncertain has a line already.
 */
export function auditOfPasskey(news: PasskeyNews): AuditEvent | undefined {
  const { labels } = news.by
  const who = { ...doneBy(news.by), ...(news.user && publicPerson(news.user)) }
  const at = {
    ...(labels.login === undefined ? {} : { login: labels.login }),
    ...(labels.session === undefined ? {} : { session: labels.session }),
  }
  if ('id' in news) {
    if (news.wasUncertainAt !== undefined) return undefined
    const outcome = news.isUncertain ? 'unknown' : 'success'
    return { audit: `passkey.${news.type}`, outcome, ...who, ...at, passkey: news.id }
  }
  const method = news.type === 'refused' ? {} : { method: 'passkey' as const }
  return { audit: REFUSALS[news.type], outcome: 'failure', ...who, ...at, ...method, reason: news.why }
}
