import { type AnyContext, isOfRequest, type RequestContext } from '../http/request-context.ts'
import type { RequestLabels } from '../http/request-labels.ts'
import type { Person } from '../identity/person-key.ts'
import type { LoginNews } from '../login/login-news.ts'
import type { PasskeyNews } from '../passkeys/passkey-news.ts'
import type { Randomness } from '../randomness.ts'
import type { SessionNews } from '../session/session-news.ts'
import type { PersonEvent } from './person-event.ts'

/** Something that a person is to be told of. */
export interface AddressedEvent {
  person: Person
  event: PersonEvent
}

/** 126 bits: nobody hits another request's. */
const MARK_LENGTH = 21

/**
 * Marks a request, and counts how many sessions it has ended with this one. The mark is of our own making, as a
 * request's id may be made up by whoever asks.
 */
export type CountEnd = (by: RequestContext) => Pick<PersonEvent, 'request' | 'count'>

/** A random mark, the same for all that one request ends. */
export function createEndCounts(randomness: Pick<Randomness, 'text'>): CountEnd {
  const counts = new WeakMap<RequestLabels, { request: string; count: number }>()
  return ({ labels }) => {
    const { request, count: before } = counts.get(labels) ?? { request: randomness.text(MARK_LENGTH), count: 0 }
    const count = before + 1
    counts.set(labels, { request, count })
    return count === 1 ? { request } : { request, count }
  }
}

/**
 * `undefined`: its owner did it there and then, nothing came of it, or it is uncertain: that is told again if it has
 * happened.
 */
export function eventOfSession(news: SessionNews, now: number, countEnd: CountEnd): AddressedEvent | undefined {
  if (!('session' in news) || news.isUncertain) return undefined
  const { type, id, session, by } = news
  const { user, kind, browser, ip } = session
  const about = { browser, ip, session: id }
  if (type === 'opened') {
    return {
      person: user,
      event: { type: kind === 'phone' ? 'signed_in' : 'linked', at: session.createdAt, ...about },
    }
  }
  if (type !== 'revoked') return undefined
  const counted = isOfRequest(by) ? countEnd(by) : {}
  return { person: user, event: { type, at: news.wasUncertainAt ?? now, ...about, ...doneBy(by), ...counted } }
}

/** What was refused: by the phone, or by digits that were wrong too often. */
export function eventOfLogin(news: LoginNews, now: number): AddressedEvent | undefined {
  const { type, loginId, after, why, by, isUncertain, wasUncertainAt: at = now } = news
  if (isUncertain || after?.status !== 'denied' || why !== undefined) return undefined
  const { phone, browser, ip } = after
  const about = { browser, ip, login: loginId }
  return { person: phone.user, event: { type: 'denied', at, ...about, ...(type === 'deny' ? doneBy(by) : {}) } }
}

export function eventOfPasskey(news: PasskeyNews, now: number): AddressedEvent | undefined {
  if (!('id' in news) || news.isUncertain) return undefined
  const { type, id, user, by, wasUncertainAt: at = now } = news
  return { person: user, event: { type: `passkey_${type}`, at, browser: by.device, ip: by.address, passkey: id } }
}

function doneBy(by: AnyContext | undefined): Pick<PersonEvent, 'by'> {
  return isOfRequest(by) ? { by: { browser: by.device, ip: by.address } } : {}
}
