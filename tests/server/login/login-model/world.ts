import { expect } from '@jest/globals'
import type fc from 'fast-check'
import { ScanInError } from '../../../../server/errors.ts'
import type { User } from '../../../../server/identity/identity.ts'
import { createApprover } from '../../../../server/login/browser/approver.ts'
import { createBrowserLogins } from '../../../../server/login/browser/browser-logins.ts'
import { createBrowserPolls } from '../../../../server/login/browser/browser-polls.ts'
import { createCollect } from '../../../../server/login/browser/hand-over.ts'
import { createClosing } from '../../../../server/login/hold/closing.ts'
import { createPollingClients } from '../../../../server/login/hold/polling-clients.ts'
import type { DeliveredLogin, Login, MatchKind, Phone } from '../../../../server/login/login.ts'
import type { LoginNews } from '../../../../server/login/login-news.ts'
import { decodeLogin, encodeLogin } from '../../../../server/login/login-record.ts'
import { createLogins } from '../../../../server/login/logins.ts'
import { createPhoneApprovals } from '../../../../server/login/phone/phone-approvals.ts'
import { decodeSession } from '../../../../server/session/session.ts'
import { createSessionService } from '../../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../../server/store/memory-store.ts'
import type { RecordStore, RecordWrite } from '../../../../server/store/record-store.ts'
import { spreadStore } from '../../../support/spread-store.ts'
import { BEGINNING, LONGEST_MS, NEXT, POLICY, type StoryPhone } from './model.ts'

/**
 * The services over a store whose every call may be overtaken by others, may meet a conflict, and may get lost; one that
 * has its records in one place, or spread.
 */
export function createWorld(
  scheduler: fc.Scheduler,
  mishaps: readonly ('none' | 'conflict' | 'lostBefore' | 'lostAfter')[],
  match: MatchKind,
  isSpread: boolean,
) {
  let now = BEGINNING
  let made = 0
  let calls = 0
  let isCalm = false
  let outOfOrder: { after: number; how: 'lostBefore' | 'lostAfter' } = {
    after: Number.POSITIVE_INFINITY,
    how: 'lostBefore',
  }
  const clock = () => now
  const randomness = {
    text: (length: number) => `${++made}`.padStart(length, '_'),
    digits: (length: number) => `${(++made * 7919) % 10 ** length}`.padStart(length, '0'),
  }
  const inner = createMemoryStore({ clock })
  /** Those that a login ended in. */
  const sessionsMade = new Map<string, number>()
  /** Logins that were approved, and those that a session was made for. */
  const approved = new Set<string>()
  const sessionsOf = new Set<string>()
  /** Logins whose browser may be given its session, and those that were told to have signed somebody in. */
  const handedOver = new Set<string>()
  const toldCollected: string[] = []
  /** Phones' sessions whose end has been answered. */
  const ended = new Set<string>()
  /** What the store was made to change of logins, and what was told of it. */
  const changes: string[] = []
  const told: LoginNews[] = []

  /** What a store does once it is out of order. */
  async function failing<Result>(call: () => Promise<Result>): Promise<Result> {
    if (outOfOrder.how === 'lostAfter') await call()
    // From the next one on it does nothing at all.
    outOfOrder.how = 'lostBefore'
    throw new ScanInError('store_unavailable')
  }

  async function disturbed<Result>(what: string, call: () => Promise<Result>, onConflict?: Result): Promise<Result> {
    if (isCalm) return outOfOrder.after-- > 0 ? call() : failing(call)
    await scheduler.schedule(Promise.resolve(), what)
    const mishap = mishaps[calls++ % mishaps.length]
    if (mishap === 'conflict' && onConflict !== undefined) return onConflict
    if (mishap === 'lostBefore') throw new ScanInError('store_unavailable')
    const result = await call()
    if (mishap === 'lostAfter') throw new ScanInError('store_unavailable')
    return result
  }

  function expectLawful(before: Login | undefined, after: Login | undefined, expiresAt: number): void {
    if (after === undefined) throw new Error('what was written is no login')
    if (before !== undefined) expect(NEXT[before.status]).toContain(after.status)
    const latest = after.status === 'pending' ? after.createdAt + POLICY.lifeMs : now + LONGEST_MS[after.status]
    expect(after.expiresAt).toBeLessThanOrEqual(latest)
    expect(expiresAt).toBe(after.expiresAt)
    if (before?.status === 'delivered') expect(after.expiresAt).toBeLessThanOrEqual(before.expiresAt)
  }

  /**
   * The write that counts: from it on the browser is given the session. That has to be there, or a store that goes away
   * now would lose it; and whoever was told that a phone is out can rely on it.
   */
  function expectHandedOver(loginId: string, { phone }: DeliveredLogin): void {
    expect(sessionsOf).toContain(loginId)
    expect(ended).not.toContain(phone.id)
    handedOver.add(loginId)
  }

  function seeLogin(loginId: string, before: Login | undefined, after: Login | undefined, expiresAt: number): void {
    expectLawful(before, after, expiresAt)
    if (after?.status === 'authenticated') approved.add(loginId)
    if (after?.status === 'delivered' && before?.status !== 'delivered') expectHandedOver(loginId, after)
  }

  /** Sees what is written as it happens, between the moment before and the moment after. */
  async function writeWatched(writes: readonly RecordWrite[]): Promise<boolean> {
    const before = await Promise.all(writes.map(async ({ key }) => decodeLogin((await inner.read(key))?.value)))
    const isDone = await inner.writeTogether(writes)
    if (isDone) for (const [at, each] of writes.entries()) see(each, before[at])
    return isDone
  }

  function see({ key, value, ...options }: RecordWrite, before: Login | undefined): void {
    const handedOverBy = options.ifVersion === null ? decodeSession(value)?.handedOverBy : undefined
    if (handedOverBy !== undefined) {
      sessionsMade.set(key, (sessionsMade.get(key) ?? 0) + 1)
      sessionsOf.add(handedOverBy)
      expect(approved).toContain(handedOverBy)
    }
    if (key.startsWith('login:')) {
      const loginId = key.slice('login:'.length)
      seeLogin(loginId, before, decodeLogin(value), options.expiresAt)
      // Written again as it was, for replicas that may not have it: no change.
      const isChange = before !== undefined && JSON.stringify(encodeLogin(before)) !== JSON.stringify(value)
      if (isChange) changes.push(changeOf(loginId, before, decodeLogin(value)))
    }
  }

  // A write that nobody compares is not retried, so a conflict there would be a lost write.
  const write = (...writes: RecordWrite[]) =>
    disturbed(
      `write ${writes.map(({ key }) => key).join(' ')}`,
      () => writeWatched(writes),
      writes.some(({ ifVersion }) => typeof ifVersion === 'string') ? false : undefined,
    )
  const together: RecordStore = {
    ...inner,
    read: (key) => disturbed(`read ${key}`, () => inner.read(key)),
    write: (key, value, options) => write({ key, value, ...options }),
    writeTogether: (writes) => write(...writes),
    remove: (key, ifVersion) => disturbed(`remove ${key}`, () => inner.remove(key, ifVersion)),
  }
  const store = isSpread ? spreadStore(together) : together

  const onNews = (news: LoginNews) => void told.push(news)
  const logins = createLogins({ store, clock, randomness, policy: POLICY, onNews, schedule: () => () => undefined })
  const currentPerson = (user: User) => user
  const hasEnded = () => false
  const sessions = createSessionService({
    ...{ currentPerson, store, clock, openingMs: POLICY.collectMs },
    policy: { lifeMs: 600_000, idleMs: 300_000, rememberMs: 1e12, most: 50 },
    onFirstUse: logins.acknowledge,
    onPhoneEnd: logins.withdraw,
    onNews(news) {
      if (news.type !== 'opened' || news.isUncertain || news.session.handedOverBy === undefined) return
      toldCollected.push(news.session.handedOverBy)
    },
  })
  const approver = createApprover({
    sessions,
    approvingTokens: { isGood: async () => true },
    currentPerson,
    hasEnded,
    clock,
  })
  const collect = createCollect({ ...logins, sessions, approver })
  const parts = { ...logins, closing: createClosing() }
  const browserPolls = createBrowserPolls({ ...parts, collect, hasEnded })
  return {
    match: () => match,
    sessionsMade,
    ended,
    changes,
    told,
    handedOver,
    toldCollected,
    async signIn({ secret, user }: StoryPhone, replaces?: string): Promise<void> {
      if (secret === undefined) return
      const browser = { name: 'Safari', os: 'iOS' }
      const fresh = { secret, user, kind: 'phone', remember: true, browser, ip: '192.0.2.2' } as const
      await sessions.open(fresh, { replaces })
    },
    clock,
    /** Whether the phone is let in at this moment. */
    async isGood({ secret, goodUntil = 0 }: StoryPhone): Promise<boolean> {
      return secret === undefined ? now < goodUntil : (await sessions.authenticate(secret)) !== undefined
    },
    mayApprove: async (phone: Phone, loginId: string) => (await approver(phone, loginId)) !== undefined,
    /** Whether a phone is out, and was told so or knows it by itself. */
    isOut: ({ id, goodUntil = Number.POSITIVE_INFINITY }: Phone) => ended.has(id) || now >= goodUntil,
    pass(ms: number) {
      now += ms
    },
    /** So many calls from here it goes out of order, with that one done or not. */
    failFrom(after: number, how: 'lostBefore' | 'lostAfter') {
      outOfOrder = { after, how }
    },
    /** From here on the store does what it is told, at once. */
    calm(is = true) {
      isCalm = is
    },
    loginOf: async (loginId: string) => decodeLogin((await inner.read(`login:${loginId}`))?.value),
    sessions,
    clients: createPollingClients({
      clock,
      paces: { current: { interval: 2, hold: 2 }, polled: () => undefined },
    }),
    browserPolls,
    browserLogins: createBrowserLogins({ ...logins, polls: browserPolls, sessions }),
    approvals: createPhoneApprovals(parts),
  }
}

export type World = ReturnType<typeof createWorld>

export function changeOf(loginId: string, before: Login, after: Login | undefined): string {
  return JSON.stringify([loginId, before, after && decodeLogin(encodeLogin(after))])
}
