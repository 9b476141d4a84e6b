import { type PlaceOf, placed } from '../http/place.ts'
import type { SessionNews } from '../session/session-news.ts'
import type { AuditEvent } from './audit-event.ts'

/** What a receiver of webhooks needs beside the line, to write to the person. Never logged. */
export interface ToMail {
  name: string
  /** Left out: the account has none, and the receiver has to know it. */
  email?: string
  /** Where the new device is, by `GEOIP_FILE`. */
  place?: string
}

/** Of a browser or phone that has just been signed in. `undefined`: nothing to write to anybody about. */
export function toMail(news: SessionNews, { address }: AuditEvent, placeOf: PlaceOf): ToMail | undefined {
  if (news.type !== 'opened') return undefined
  const { name, email } = news.session.user
  return { name, ...(email === undefined ? {} : { email }), ...placed(address && placeOf(address)) }
}
