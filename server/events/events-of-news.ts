import { type AnyOccasion, isOfRequest, type Occasion } from '../http/occasion.ts'
import type { RequestLabels } from '../http/request-labels.ts'
import type { Person } from '../identity/person-key.ts'
import type { LoginNews } from '../login/login-news.ts'
import type { PasskeyNews } from '../passkeys/passkey-news.ts'
import type { Randomness } from '../randomness.ts'
import type { SessionNews } from '../session/session-news.ts'
import type { PersonEvent } from './person-event.ts'

/** Something that a person is to be told of. */
export interface Told {
  person: Person
  event: PersonEvent
}

/** 126 bits: nobody hits another request's. */
const MARK_LENGTH = 21

/** What tells one request from all others. It is of our own making: a request's id may be whoever's asks. */
export type MarkOf = (by: Occasion) => string

/** A random mark, the same for all that happens on one request. */
export function createMarks(randomness: Pick<Randomness, 'text'>): MarkOf {
  const marks = new WeakMap<RequestLabels, string>()
  return ({ labels }) => {
    const mark = marks.get(labels) ?? randomness.text(MARK_LENGTH)
    marks.set(labels, mark)
    return mark
  }
}

/**
 * `undefined`: nothing that its owner has not done there and then, or nothing that came of it. What is uncertain is told
 * again where it has happened.
 */
export function eventOfSession(news: SessionNews, now: number, markOf: MarkOf): Told | undefined {
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
  const request = isOfRequest(by) ? { request: markOf(by) } : {}
  return { person: user, event: { type, at: news.wasUncertainAt ?? now, ...about, ...doneBy(by), ...request } }
}

/** What was refused: by the phone, or by digits that were wrong too often. */
export function eventOfLogin(news: LoginNews, now: number): Told | undefined {
  const { type, loginId, after, why, by, isUncertain, wasUncertainAt: at = now } = news
  if (isUncertain || after?.status !== 'denied' || after.phone === undefined || why !== undefined) return undefined
  const { phone, browser, ip } = after
  const about = { browser, ip, login: loginId }
  return { person: phone.user, event: { type: 'denied', at, ...about, ...(type === 'deny' ? doneBy(by) : {}) } }
}

export function eventOfPasskey(news: PasskeyNews, now: number): Told | undefined {
  if (!('id' in news) || news.isUncertain) return undefined
  const { type, id, user, by, wasUncertainAt: at = now } = news
  return { person: user, event: { type: `passkey_${type}`, at, browser: by.device, ip: by.address, passkey: id } }
}

function doneBy(by: AnyOccasion | undefined): Pick<PersonEvent, 'by'> {
  return isOfRequest(by) ? { by: { browser: by.device, ip: by.address } } : {}
}
