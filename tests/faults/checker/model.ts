import { type Login, type LoginEvent, type Refusal, transition } from '../../../server/login/login.ts'
import type { LoginHistory, Rules, Span } from './history.ts'

/**
 * A login as it may be at some point of its history. Its rules are the service's own `transition`, run on a clock that
 * stands still. So the ends that `transition` sets are durations, and from when on they count is known only as far as
 * the calls tell. Hashes are the secrets' names.
 */
export interface Model {
  /** `undefined`: removed, or lost. Its `expiresAt` says how long its time lasts, and `end` when that is over. */
  login: Login | undefined
  end: Span
  /** When the QR secrets end that were rotated out. */
  overlapEnds: Readonly<Record<string, Span>>
  /** The session that it ends in. `lost`: nobody knows. */
  session: 'none' | 'open' | 'ended' | 'lost'
  endedPhones: readonly string[]
}

const NOW = 0

export function startOf({ secret, started }: LoginHistory, { lifeMs }: Rules): Model {
  return {
    login: {
      status: 'pending',
      createdAt: NOW,
      expiresAt: lifeMs,
      browserKeyHash: '',
      qrSecrets: [{ hash: secret }],
      browser: { name: '', os: '' },
      ip: '',
    },
    end: later(started, lifeMs),
    overlapEnds: {},
    session: 'none',
    endedPhones: [],
  }
}

export interface Happened {
  after: Model
  refusal: Refusal | undefined
}

/** Lets an event happen to a login that is there. The same model means that nothing has changed. */
export function happen(model: Model, login: Login, event: LoginEvent, when: Span): Happened {
  const { login: next, refusal } = transition(login, event, NOW)
  if (next === login) return { after: model, refusal }
  const aMomentLater = transition(login, event, NOW + 1).login
  const time = timeAfter(model, next, { isFromNow: aMomentLater.expiresAt > next.expiresAt, event, when })
  const after = { ...model, ...time, overlapEnds: overlapsAfter(model, next, when) }
  return { after, refusal }
}

/** An end that counts from now is known by when the event happened; any other moves as far as the event moved it. */
function timeAfter(
  { login, end }: Model,
  next: Login,
  { isFromNow, event, when }: { isFromNow: boolean; event: LoginEvent; when: Span },
): Pick<Model, 'login' | 'end'> {
  const lasts = login?.expiresAt ?? 0
  if (!isFromNow) return { login: next, end: later(end, next.expiresAt - lasts) }
  const fresh = later(when, next.expiresAt)
  if (event.type !== 'give') return { login: next, end: fresh }
  // Giving the session brings the end forward, and never puts it off.
  const sooner = { from: Math.min(end.from, fresh.from), until: Math.min(end.until, fresh.until) }
  return { login: { ...next, expiresAt: lasts }, end: sooner }
}

function overlapsAfter({ overlapEnds }: Model, { qrSecrets }: Login, when: Span): Model['overlapEnds'] {
  const rotatedOut = qrSecrets.flatMap(({ hash, goodUntil }) =>
    goodUntil === undefined || hash in overlapEnds ? [] : [[hash, later(when, goodUntil)] as const],
  )
  return rotatedOut.length === 0 ? overlapEnds : { ...overlapEnds, ...Object.fromEntries(rotatedOut) }
}

function later({ from, until }: Span, ms: number): Span {
  return { from: from + ms, until: until + ms }
}

/** How a request may find the login. */
export interface Finding {
  /** The login, if it may be there. */
  there: Login | undefined
  /** Whether the request may find none. */
  mayBeOver: boolean
}

/** What may be found of a login, at some moment of `when`. */
export function find({ login, end }: Model, when: Span, { slackMs }: Rules): Finding {
  const there = isPast(end, when, slackMs) ? undefined : login
  return { there, mayBeOver: login === undefined || mayBePast(end, when, slackMs) }
}

/** As `find`, by a token with this secret. */
export function findBy(secret: string, model: Model, when: Span, rules: Rules): Finding {
  const { there, mayBeOver } = find(model, when, rules)
  if (!there?.qrSecrets.some(({ hash }) => hash === secret)) return { there: undefined, mayBeOver: true }
  const overlap = model.overlapEnds[secret]
  if (overlap === undefined) return { there, mayBeOver }
  // A secret that was good when the login was scanned stays good. To its browser, all are good that the login knows.
  const isOut = there.status === 'pending' && isPast(overlap, when, rules.slackMs)
  return { there: isOut ? undefined : there, mayBeOver: mayBeOver || mayBePast(overlap, when, rules.slackMs) }
}

/**
 * As `findBy`, for its own browser that wants another code or gives the login up. A secret that was rotated out will
 * do, if the login still knows it.
 */
export function findByAny(secret: string, model: Model, when: Span, rules: Rules): Finding {
  const found = find(model, when, rules)
  return found.there?.qrSecrets.some(({ hash }) => hash === secret) ? found : findBy(secret, model, when, rules)
}

function isPast({ until }: Span, when: Span, slackMs: number): boolean {
  return when.from >= until + slackMs
}

function mayBePast({ from }: Span, when: Span, slackMs: number): boolean {
  return when.until >= from - slackMs
}

/** What is left when the store has forgotten everything. */
export function lost(model: Model): Model {
  return { ...model, login: undefined, session: 'lost' }
}

/**
 * What a call finds that has read the login before the store forgot everything, and reads its phone's session after
 * that.
 */
export function lostInBetween(model: Model): Model {
  const { login, endedPhones } = model
  const phone = login === undefined || login.status === 'pending' ? undefined : login.phone
  return phone === undefined ? model : { ...model, endedPhones: [...endedPhones, phone.id] }
}

/** Narrows the end: what had happened by `at` had begun to count by then. */
export function begunBy(model: Model, at: number): Model {
  const { login, end } = model
  const until = at + (login?.expiresAt ?? 0)
  return until < end.until ? { ...model, end: { ...end, until } } : model
}
