import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ScanInError } from '../../../server/errors.ts'
import type { User } from '../../../server/identity/identity.ts'
import { createApprover } from '../../../server/login/browser/approver.ts'
import { createBrowserLogins, type PollingBrowser } from '../../../server/login/browser/browser-logins.ts'
import { createCollect } from '../../../server/login/browser/hand-over.ts'
import { createClosing } from '../../../server/login/hold/closing.ts'
import { createPollingClients } from '../../../server/login/hold/polling-clients.ts'
import {
  type DeliveredLogin,
  isExpired,
  type Login,
  type LoginEvent,
  MATCH_TRIES,
  type MatchKind,
  type Phone,
  transition,
} from '../../../server/login/login.ts'
import type { LoginNews } from '../../../server/login/login-news.ts'
import { decodeLogin, encodeLogin } from '../../../server/login/login-record.ts'
import { createLogins } from '../../../server/login/logins.ts'
import { createPhoneApprovals } from '../../../server/login/phone/phone-approvals.ts'
import { parseToken, type Token } from '../../../server/login/token.ts'
import { decodeSession, sessionIdOf } from '../../../server/session/session.ts'
import { createSessionService } from '../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore, RecordWrite } from '../../../server/store/record-store.ts'
import { spreadStore } from '../../support/spread-store.ts'

/**
 * What must hold whatever happens in whatever order. `LOGIN_MODEL_RUNS` makes the search longer by hand; a failure
 * prints the steps, shortened, and the seed.
 */

const RUNS = Number(process.env['LOGIN_MODEL_RUNS'] ?? 100)
const SEED = 20_261

const POLICY = { lifeMs: 60_000, confirmMs: 20_000, collectMs: 15_000, qrRefreshMs: 8000, qrOverlapMs: 3000 }
/** How long a hand-over repeats; the rule's own number is no business of its users. */
const REPEAT_MS = 10_000

/** How long each state may last from when it is entered. */
const LONGEST_MS = {
  scanned: POLICY.confirmMs,
  match_required: POLICY.confirmMs,
  authenticated: POLICY.collectMs,
  delivered: POLICY.collectMs + REPEAT_MS,
  denied: POLICY.collectMs,
}

const ZOFIA: User = { id: 'zofia', name: 'Zofia' }
const YUSUF: User = { id: 'yusuf', name: 'Yusuf' }

/** A phone of a story, with the secret of the session that it is signed in by; without one, by a token that ends by itself. */
interface StoryPhone extends Phone {
  secret?: string
}

const BEGINNING = 1_000_000
const TOKEN_MS = 25_000

const signedIn = (user: User, secret: string): StoryPhone => ({ id: sessionIdOf(secret), user, secret })
const byToken = (user: User, now: number): StoryPhone => ({
  id: `bearer ${user.id}`,
  user,
  goodUntil: now + TOKEN_MS,
})

/** The last two are one person's. */
const PHONES = [byToken(ZOFIA, BEGINNING), signedIn(YUSUF, 'phone-1'), signedIn(YUSUF, 'phone-2')] as const

const BROWSER_AT = { address: '192.0.2.1', isKnown: true }
const FINAL = new Set<Login['status']>(['delivered', 'denied'])
const NEXT: Record<Login['status'], readonly Login['status'][]> = {
  pending: ['pending', 'scanned', 'denied'],
  scanned: ['scanned', 'match_required', 'authenticated', 'denied'],
  match_required: ['match_required', 'authenticated', 'denied'],
  authenticated: ['authenticated', 'delivered', 'denied'],
  delivered: ['delivered'],
  denied: ['denied'],
}

describe('one rule at a time', () => {
  const start: Login = Object.freeze({
    status: 'pending',
    createdAt: 0,
    expiresAt: 1000,
    browserKeyHash: 'key',
    qrSecrets: Object.freeze([Object.freeze({ hash: 'first' })]),
    browser: Object.freeze({ name: 'Firefox', os: 'Linux' }),
    ip: '192.0.2.1',
  })

  const phone = fc.constantFrom<Phone>(...PHONES)
  const code = fc.constantFrom('code-a', 'code-b')
  const span = fc.integer({ min: 1, max: 1500 })
  const event: fc.Arbitrary<LoginEvent> = fc.oneof(
    fc.record({
      type: fc.constant('rotate' as const),
      secretHash: fc.string(),
      overlapMs: fc.integer({ min: 0, max: 900 }),
      refreshMs: span,
    }),
    fc.record({
      type: fc.constant('scan' as const),
      phone,
      match: fc.constantFrom<MatchKind>('none', 'code'),
      confirmMs: span,
    }),
    fc.record({
      type: fc.constant('confirm' as const),
      phone,
      remember: fc.boolean(),
      matchCodeHash: code,
      salt: fc.string(),
      collectMs: span,
    }),
    fc.record({ type: fc.constant('deny' as const), phone, showMs: span }),
    fc.record({
      type: fc.constant('match' as const),
      matchCodeHash: code,
      salt: fc.string(),
      collectMs: span,
      showMs: span,
    }),
    fc.record({ type: fc.constantFrom('collect' as const, 'give' as const), repeatMs: span }),
    fc.constant<LoginEvent>({ type: 'acknowledge' }),
  )
  const history = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 400 })), { maxLength: 25 })

  /** Follows a history of events, each some time after the one before. */
  function follow(
    events: [LoginEvent, number][],
    see: (before: Login, event: LoginEvent, now: number, after: Login, refusal?: string) => void,
  ): void {
    let login = start
    let now = 0
    for (const [next, pause] of events) {
      now += pause
      const before = deepFrozen(structuredClone(login))
      const outcome = transition(before, next, now)
      see(before, next, now, outcome.login, outcome.refusal)
      login = outcome.login
    }
  }

  function holds(see: Parameters<typeof follow>[1]): void {
    fc.assert(
      fc.property(history, (events) => follow(events, see)),
      { seed: SEED, numRuns: RUNS * 5 },
    )
  }

  test('a login moves along the arrows of the picture and along no other', () => {
    holds((before, _event, _now, after) => expect(NEXT[before.status]).toContain(after.status))
  })

  test('nothing happens to a login after its end: every event is refused and it stays the same object', () => {
    holds((before, event, now, after, refusal) => {
      if (!isExpired(before, now)) return
      expect({ event, refusal }).toEqual({ event, refusal: 'expired' })
      expect(after).toBe(before)
    })
  })

  test('nothing leaves a final state, nothing extends one, and what was given ends soon', () => {
    holds((before, event, now, after) => {
      if (!FINAL.has(before.status)) return
      expect(after.status).toBe(before.status)
      const isGiven = before.status === 'delivered' && event.type === 'give' && !isExpired(before, now)
      expect(after.expiresAt).toBe(isGiven ? Math.min(before.expiresAt, now + event.repeatMs) : before.expiresAt)
    })
  })

  test('a refusal changes nothing, but that a wrong match code costs a try', () => {
    holds((before, _event, _now, after, refusal) => {
      if (refusal === undefined) return
      if (refusal !== 'wrong_match_code') return expect(after).toBe(before)
      if (before.status !== 'match_required') throw new Error('matched before there was a code')
      if (after.status === 'match_required') expect(after.triesLeft).toBe(before.triesLeft - 1)
      else expect([after.status, before.triesLeft]).toEqual(['denied', 1])
    })
  })

  test("whose login it is, once somebody has scanned it, never changes, and of one person's phones only a scan changes which", () => {
    holds((before, event, _now, after) => {
      if (before.status === 'pending' || before.phone === undefined) return
      expect(after).toMatchObject({ phone: event.type === 'scan' ? { user: before.phone.user } : before.phone })
    })
  })

  test('an approval has one salt to its end, and none once its session is used', () => {
    holds((before, event, now, after) => {
      if (before.status === 'authenticated' && after.status !== 'denied') {
        expect(after).toMatchObject({ salt: before.salt })
      }
      if (before.status !== 'delivered') return
      const isUsed = event.type === 'acknowledge' && !isExpired(before, now)
      const { salt } = isUsed ? { salt: undefined } : before
      expect(after).toEqual({ ...before, salt, expiresAt: after.expiresAt })
    })
  })

  test("what makes a login this browser's, and since when it is, never changes", () => {
    holds((_before, _event, _now, after) => {
      const { browserKeyHash, createdAt, ip, browser } = start
      expect(after).toMatchObject({ browserKeyHash, createdAt, ip, browser })
    })
  })

  test('only a scan, an approval, a denial, a hand-over and its reply set a new end; confirming with a match does not', () => {
    holds((before, event, _now, after) => {
      if (before.expiresAt !== after.expiresAt && event.type !== 'give') {
        expect(['scan', 'confirm', 'deny', 'match', 'collect']).toContain(event.type)
        expect(after.status).not.toBe(before.status)
        expect(after.status).not.toBe('match_required')
      }
    })
  })

  test('tries at a match only ever get fewer', () => {
    holds((before, _event, _now, after) => {
      if (before.status === 'match_required' && after.status === 'match_required') {
        expect(after.triesLeft).toBeLessThanOrEqual(before.triesLeft)
      } else if (after.status === 'match_required') expect(after.triesLeft).toBe(MATCH_TRIES)
    })
  })
})

type Step =
  | { do: 'start' | 'rotate' | 'cancel' | 'poll' | 'pollLost' | 'use' | 'userCode'; browser: number }
  | { do: 'pollForeign'; browser: number; target: number }
  | { do: 'match'; browser: number; isRight: boolean }
  | { do: 'scan' | 'scanCode' | 'scanOld' | 'confirm' | 'deny'; phone: number; target: number }
  | { do: 'revoke'; browser: number }
  | { do: 'endPhone' | 'signInAgain'; phone: number; target: number }
  | { do: 'wait'; ms: number }

interface Tab {
  key: string
  loginId: string
  token: Token
  oldToken: Token | undefined
  userCode: string | undefined
}

interface Facts {
  /** People whose scan was accepted. */
  owners: Set<string>
  /** Phones that asked to scan or to confirm, whether or not they heard back. */
  scannedBy: Set<string>
  confirmedBy: Set<StoryPhone>
  hasRightMatch: boolean
  secrets: Set<string>
}

/**
 * The services over a store whose every call may be overtaken by others, may meet a conflict, and may get lost; one that
 * has its records in one place, or spread.
 */
function createWorld(
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
    browserLogins: createBrowserLogins({ ...parts, collect, hasEnded }),
    approvals: createPhoneApprovals(parts),
  }
}

type World = ReturnType<typeof createWorld>

function changeOf(loginId: string, before: Login, after: Login | undefined): string {
  return JSON.stringify([loginId, before, after && decodeLogin(encodeLogin(after))])
}

/** Two browsers and three phones, and what they have seen. What they must never see fails on the spot. */
function createPeople(world: World) {
  const tabs: (Tab | undefined)[] = [undefined, undefined]
  const phones: StoryPhone[] = [...PHONES]
  let signIns = 0
  const facts = new Map<string, Facts>()
  const matchCodes = new Map<string, string>()
  const AT_ONCE = { seen: undefined, waitMs: 0, client: new IncomingMessage(new Socket()) }

  function factsOf(loginId: string): Facts {
    const known = facts.get(loginId) ?? {
      owners: new Set(),
      scannedBy: new Set(),
      confirmedBy: new Set(),
      hasRightMatch: false,
      secrets: new Set(),
    }
    facts.set(loginId, known)
    return known
  }

  /** A browser as the process remembers it, whatever token it comes with. */
  function waiting({ token, key }: Pick<Tab, 'token' | 'key'>): PollingBrowser {
    return { token, browserKey: key, replaces: undefined, client: world.clients.find(key), retryAfterSeconds: 0 }
  }

  /** @param askedAt when the browser asked */
  async function sawHandOver(
    tab: Tab,
    { user, sessionSecret }: { user: User; sessionSecret: string },
    askedAt: number,
  ): Promise<void> {
    const { owners, confirmedBy, hasRightMatch, secrets } = factsOf(tab.loginId)
    secrets.add(sessionSecret)
    expect(secrets.size).toBe(1)
    // Who heard "scanned" owns it; a scan whose answer got lost may own it as well, but has to have confirmed.
    expect([...confirmedBy].map((phone) => phone.user.id)).toContain(user.id)
    if (owners.size > 0) expect(owners).toEqual(new Set([user.id]))
    if (world.match() === 'code') expect(hasRightMatch).toBe(true)
    const login = await world.loginOf(tab.loginId)
    if (login !== undefined && login.status !== 'pending')
      expect(askedAt).toBeLessThan(login.phone.goodUntil ?? Number.POSITIVE_INFINITY)
  }

  async function poll(tab: Tab): Promise<void> {
    const askedAt = world.clock()
    const status = await world.browserLogins.status(waiting(tab), AT_ONCE)
    if (status.status === 'authenticated') await sawHandOver(tab, status, askedAt)
  }

  async function start(browser: number): Promise<void> {
    const started = await world.browserLogins.start({ name: 'Firefox', os: 'Linux' }, BROWSER_AT)
    const token = tokenOf(started.token)
    tabs[browser] = {
      key: started.browserKey,
      loginId: started.loginId,
      token,
      oldToken: undefined,
      userCode: undefined,
    }
  }

  async function rotate(tab: Tab): Promise<void> {
    const shown = await world.browserLogins.rotate(waiting(tab))
    if (shown === undefined) return
    expect(shown.loginId).toBe(tab.loginId)
    tab.oldToken = tab.token
    tab.token = tokenOf(shown.token)
  }

  async function scan(phone: Phone, tab: Tab, scanIt: () => Promise<unknown>): Promise<void> {
    const { owners, scannedBy } = factsOf(tab.loginId)
    scannedBy.add(phone.id)
    await scanIt()
    owners.add(phone.user.id)
    expect(owners.size).toBe(1)
  }

  async function confirm(phone: StoryPhone, tab: Tab): Promise<void> {
    const { confirmedBy, owners, scannedBy } = factsOf(tab.loginId)
    confirmedBy.add(phone)
    const confirmation = await world.approvals.confirm(tab.token, phone, false)
    expect(scannedBy).toContain(phone.id)
    if (owners.size > 0) expect(owners).toContain(phone.user.id)
    expect(confirmation.status).toBe(
      world.match() === 'code' && !factsOf(tab.loginId).hasRightMatch ? 'match_required' : confirmation.status,
    )
    if (confirmation.status === 'match_required') matchCodes.set(tab.loginId, confirmation.matchCode)
  }

  async function match(tab: Tab, isRight: boolean): Promise<void> {
    const askedAt = world.clock()
    const code = matchCodes.get(tab.loginId)
    if (isRight && code !== undefined) factsOf(tab.loginId).hasRightMatch = true
    const status = await world.browserLogins.match(waiting(tab), isRight ? (code ?? 'none') : 'wrong!')
    if (status.status === 'authenticated') await sawHandOver(tab, status, askedAt)
  }

  async function pollForeign(own: Tab, target: Tab): Promise<void> {
    if (own.loginId === target.loginId) return
    const mixed = waiting({ token: target.token, key: own.key })
    expect(await world.browserLogins.status(mixed, AT_ONCE)).toEqual({ status: 'expired' })
    expect(await world.browserLogins.rotate(mixed)).toBeUndefined()
    expect(await world.browserLogins.match(mixed, '000000')).toEqual({ status: 'expired' })
    await world.browserLogins.cancel(mixed)
  }

  async function revoke(tab: Tab): Promise<void> {
    const found = await use(tab)
    if (found !== undefined) await world.sessions.revoke(found.session.user, found.id)
  }

  async function use({ loginId }: Tab) {
    const [secret] = factsOf(loginId).secrets
    return secret === undefined ? undefined : world.sessions.authenticate(secret)
  }

  async function endPhone(phone: StoryPhone): Promise<void> {
    if (phone.secret !== undefined && (await world.sessions.revoke(phone.user, phone.id))) world.ended.add(phone.id)
  }

  /** The same person, in the same browser on the same phone. */
  async function signInAgain(at: number): Promise<void> {
    const before = phones[at] as StoryPhone
    if (before.secret === undefined) {
      phones[at] = byToken(before.user, world.clock())
      return
    }
    const after = signedIn(before.user, `phone-${at} again ${++signIns}`)
    await world.signIn(after, before.id)
    phones[at] = after
    world.ended.add(before.id)
  }

  function stepOf(step: Step): Promise<unknown> | undefined {
    if (step.do === 'wait') return void world.pass(step.ms)
    if (step.do === 'start') return start(step.browser)
    const tab = tabs['target' in step ? step.target : step.browser]
    if (tab === undefined) return undefined
    if ('phone' in step) return phoneStep(step, phones[step.phone] as StoryPhone, tab)
    return browserStep(step, tab)
  }

  async function phoneStep(
    { do: what, phone: at }: Extract<Step, { phone: number }>,
    phone: StoryPhone,
    tab: Tab,
  ): Promise<unknown> {
    if (what === 'endPhone') return endPhone(phone)
    if (what === 'signInAgain') return signInAgain(at)
    if (!(await world.isGood(phone))) return
    switch (what) {
      case 'scan':
        return scan(phone, tab, () => world.approvals.scan(tab.token, phone, world.match))
      case 'scanOld':
        return tab.oldToken && scan(phone, tab, () => world.approvals.scan(tab.oldToken as Token, phone, world.match))
      case 'scanCode':
        return tab.userCode === undefined
          ? undefined
          : scan(phone, tab, () =>
              world.approvals.scanUserCode(
                { userCode: tab.userCode as string, credential: phone.id },
                phone,
                world.match,
              ),
            )
      case 'confirm':
        return confirm(phone, tab)
      default:
        return world.approvals.deny(tab.token, phone)
    }
  }

  function browserStep(
    step: Exclude<Step, { do: 'wait' | 'start' } | { phone: number }>,
    tab: Tab,
  ): Promise<unknown> | undefined {
    switch (step.do) {
      case 'rotate':
        return rotate(tab)
      case 'cancel':
        return world.browserLogins.cancel(waiting(tab))
      case 'userCode':
        return world.browserLogins.userCode(waiting(tab)).then(({ userCode }) => {
          tab.userCode = userCode
        })
      case 'pollLost':
        // The service answered, and nobody heard it.
        return world.browserLogins.status(waiting(tab), AT_ONCE)
      case 'use':
        return use(tab)
      case 'pollForeign': {
        const own = tabs[step.browser]
        return own && pollForeign(own, tab)
      }
      case 'match':
        return match(tab, step.isRight)
      case 'revoke':
        return revoke(tab)
      default:
        return poll(tab)
    }
  }

  return {
    tabs,
    phones,
    factsOf,
    poll: (tab: Tab) => world.browserLogins.status(waiting(tab), AT_ONCE),
    /** A refusal is an answer; anything else that is thrown is a failure. */
    async live(step: Step): Promise<void> {
      try {
        await stepOf(step)
      } catch (error) {
        if (!(error instanceof ScanInError) || error.code === 'internal_error') throw error
      }
    },
  }
}

function tokenOf(text: string): Token {
  const token = parseToken(text)
  if (token === undefined) throw new Error(`no token: ${text}`)
  return token
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null)
    for (const part of Object.values(Object.freeze(value))) deepFrozen(part)
  return value
}

const browser = fc.nat({ max: 1 })
const phone = fc.nat({ max: 2 })
const simple = (...names: Extract<Step, { browser: number }>['do'][]) =>
  fc.record({ do: fc.constantFrom(...names), browser }) as fc.Arbitrary<Step>
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: simple('start') },
  { weight: 2, arbitrary: simple('rotate', 'userCode') },
  { weight: 1, arbitrary: simple('cancel', 'revoke') },
  { weight: 8, arbitrary: simple('poll', 'pollLost', 'use') },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pollForeign' as const), browser, target: browser }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('match' as const), browser, isRight: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('scan' as const, 'scanCode' as const, 'scanOld' as const),
      phone,
      target: browser,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('confirm' as const), phone, target: browser }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny' as const), phone, target: browser }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('endPhone' as const, 'signInAgain' as const, 'signInAgain' as const),
      phone,
      target: browser,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 999, 3000, 9999, 10_000, 20_000, 60_000),
    }),
  },
)

/** Steps of one round happen at once; a round begins when the one before has ended. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 14 })
const mishap = fc.oneof(
  { weight: 30, arbitrary: fc.constant('none' as const) },
  { weight: 3, arbitrary: fc.constantFrom('conflict' as const, 'lostBefore' as const, 'lostAfter' as const) },
)
const mishaps = fc.array(mishap, { minLength: 1, maxLength: 60 })
const matchKind = fc.constantFrom<MatchKind>('none', 'code')

/** Lets a story happen, with both browsers already waiting so that most of it is about something. */
async function tell(scheduler: fc.Scheduler, story: Step[][], world: World): Promise<ReturnType<typeof createPeople>> {
  const people = createPeople(world)
  world.calm()
  for (const each of people.phones) await world.signIn(each)
  world.calm(false)
  const beginning: Step[] = [
    { do: 'start', browser: 0 },
    { do: 'start', browser: 1 },
  ]
  for (const round of [beginning, ...story]) {
    await scheduler.waitFor(Promise.all(round.map((each) => people.live(each))))
  }
  return people
}

function always(what: (world: World, people: ReturnType<typeof createPeople>) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(
    fc.scheduler(),
    rounds,
    mishaps,
    matchKind,
    fc.boolean(),
    async (scheduler, story, bad, match, isSpread) => {
      const world = createWorld(scheduler, bad, match, isSpread)
      const people = await tell(scheduler, story, world)
      world.calm()
      await what(world, people)
    },
  )
  return fc.assert(property, { seed: SEED, numRuns: RUNS })
}

async function collectTwice(
  world: World,
  people: ReturnType<typeof createPeople>,
  tab: Tab,
  user: User,
): Promise<void> {
  const first = await people.poll(tab)
  world.pass(REPEAT_MS - 1)
  const again = await people.poll(tab)
  if (first.status !== 'authenticated' || again.status !== 'authenticated') {
    throw new Error(`asked in time, and told "${first.status}", then "${again.status}"`)
  }
  expect(again.sessionSecret).toBe(first.sessionSecret)
  expect(first.user).toEqual(user)
  const found = await world.sessions.authenticate(first.sessionSecret)
  expect(found?.session.user.id).toBe(user.id)
  expect(await people.poll(tab)).toEqual({ status: 'expired' })
}

/** Of an approved login: its session, and again, as long as what approved it is good. */
async function expectWhatIsDue(
  world: World,
  people: ReturnType<typeof createPeople>,
  tab: Tab,
  phone: Phone,
): Promise<void> {
  const { goodUntil = Number.POSITIVE_INFINITY } = phone
  if (!(await world.mayApprove(phone, tab.loginId))) expect((await people.poll(tab)).status).toBe('denied')
  else if (goodUntil > world.clock() + REPEAT_MS) await collectTwice(world, people, tab, phone.user)
  else expect((await people.poll(tab)).status).toBe('authenticated')
}

async function expectNothingOfEnded(world: World, people: ReturnType<typeof createPeople>, tab: Tab): Promise<void> {
  const login = await world.loginOf(tab.loginId)
  if (login === undefined || login.status === 'pending' || !world.isOut(login.phone)) return
  // A scan that was under way may come after the end and take the login over again: it leads to nothing.
  const made = world.sessionsMade.size
  const { status } = await people.poll(tab)
  if (login.status === 'authenticated') expect(status).toBe('denied')
  expect(status).not.toBe('authenticated')
  expect(world.sessionsMade.size).toBe(made)
}

describe('two browsers, three phones, time, conflicts and lost replies in any order', () => {
  test('never two sessions for one login, never one without the confirm of the phone that scanned, never one for another person', async () => {
    await always(async (world) => {
      // Each hand-over was looked at when it was seen; here it is what the store was told in all.
      for (const [key, times] of world.sessionsMade) expect({ key, times }).toEqual({ key, times: 1 })
      expect(new Set(world.toldCollected).size).toBe(world.toldCollected.length)
      for (const loginId of world.toldCollected) expect(world.handedOver).toContain(loginId)
    })
  })

  test('the right browser gets its session if it polls in time, again if the reply is lost, and no more once it is used', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) {
        const login = tab && (await world.loginOf(tab.loginId))
        if (tab === undefined || login?.status !== 'authenticated') continue
        await expectWhatIsDue(world, people, tab, login.phone)
      }
    })
  })

  test('each change of a login is told once, by whoever made it, and as uncertain where the store did not answer', async () => {
    await always(async (world) => {
      const tellings = (change: string) =>
        world.told.filter(({ loginId, before, after }) => before && changeOf(loginId, before, after) === change)
      expect(new Set(world.changes).size).toBe(world.changes.length)
      for (const change of world.changes) {
        const certain = tellings(change).filter(({ isUncertain }) => !isUncertain).length
        const isUnanswered = tellings(change).some(({ isUncertain }) => isUncertain)
        // One that was not answered and did not happen may happen after all, asked for again.
        expect({ change, isTold: certain === 1 || (certain === 0 && isUnanswered) }).toEqual({ change, isTold: true })
      }
      const made = new Set(world.changes)
      for (const { loginId, before, after, isUncertain } of world.told) {
        if (before && after && !isUncertain) expect(made).toContain(changeOf(loginId, before, after))
      }
    })
  })

  test('who was told that a phone is out can rely on it: nothing that it approved is handed over', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) if (tab !== undefined) await expectNothingOfEnded(world, people, tab)
    })
  })

  test('so too when its end and the hand-over of what it approved come at once', async () => {
    const seen = { sessions: 0, denied: 0 }
    const byPhone = fc.record({
      do: fc.constantFrom('scan' as const, 'confirm' as const),
      phone: fc.constantFrom(1, 2),
      target: fc.constant(0),
    })
    const byBrowser = fc.constantFrom<Step>(
      { do: 'poll', browser: 0 },
      { do: 'pollLost', browser: 0 },
      { do: 'match', browser: 0, isRight: true },
    )
    const atOnce = fc.array(fc.oneof(byBrowser, byBrowser, byPhone), { minLength: 1, maxLength: 4 })
    const ending = fc.constantFrom('endPhone' as const, 'signInAgain' as const)
    const property = fc.asyncProperty(
      ...([fc.scheduler(), mishaps, matchKind, fc.boolean(), atOnce, ending] as const),
      async (scheduler, bad, match, isSpread, others, end) => {
        const world = createWorld(scheduler, bad, match, isSpread)
        const approver = { phone: 1, target: 0 }
        const story: Step[][] = [
          [{ do: 'scan', ...approver }],
          [{ do: 'confirm', ...approver }],
          [{ do: 'poll', browser: 0 }, { do: end, ...approver }, ...others],
        ]
        const people = await tell(scheduler, story, world)
        world.calm()
        const [tab] = people.tabs
        if (tab === undefined) return
        await expectNothingOfEnded(world, people, tab)
        seen.sessions += world.sessionsMade.size
        if ((await world.loginOf(tab.loginId))?.status === 'denied') seen.denied++
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: RUNS * 2 })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 5)
  })

  test('so too where it is out by its token`s end, before, while or after the browser asks', async () => {
    const seen = { sessions: 0, denied: 0 }
    const waiting = (ms: number[]) => fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(...ms) })
    const byBrowser = fc.constantFrom<Step>({ do: 'poll', browser: 0 }, { do: 'match', browser: 0, isRight: true })
    const atOnce = fc.array(fc.oneof(byBrowser, waiting([1, 1000])), { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(
      ...([fc.scheduler(), mishaps, matchKind, fc.boolean(), waiting([1, 5000, 9999]), atOnce] as const),
      async (scheduler, bad, match, isSpread, late, others) => {
        const world = createWorld(scheduler, bad, match, isSpread)
        const approver = { phone: 0, target: 0 }
        const story: Step[][] = [
          [{ do: 'wait', ms: TOKEN_MS - 10_000 }],
          [{ do: 'scan', ...approver }],
          [{ do: 'confirm', ...approver }],
          [late],
          others,
        ]
        const people = await tell(scheduler, story, world)
        world.calm()
        const [tab] = people.tabs
        if (tab === undefined) return
        seen.sessions += world.sessionsMade.size
        world.pass(Math.max(0, BEGINNING + TOKEN_MS - world.clock()))
        await expectNothingOfEnded(world, people, tab)
        if ((await world.loginOf(tab.loginId))?.status === 'denied') seen.denied++
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 10)
  })

  test('a store that fails anywhere in a hand-over loses nothing that was confirmed, as long as it may be collected', async () => {
    const seen = { failures: 0, sessions: 0 }
    const polls = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.constantFrom('lostBefore' as const, 'lostAfter' as const)), {
      minLength: 1,
      maxLength: 6,
    })
    const property = fc.asyncProperty(fc.scheduler(), polls, fc.boolean(), async (scheduler, cuts, isSpread) => {
      const world = createWorld(scheduler, ['none'], 'none', isSpread)
      const people = await tell(scheduler, [], world)
      world.calm()
      const approver = { phone: 1, target: 0 }
      await people.live({ do: 'scan', ...approver })
      await people.live({ do: 'confirm', ...approver })
      const [tab] = people.tabs
      if (tab === undefined) throw new Error('no login')
      const end = world.clock() + POLICY.collectMs
      for (const [after, how] of cuts) {
        world.failFrom(after, how)
        const answer = await people.poll(tab).catch(() => 'failed' as const)
        world.failFrom(Number.POSITIVE_INFINITY, how)
        if (answer !== 'failed') return
        seen.failures++
        world.pass(Math.floor((end - world.clock() - 1) / 2))
      }
      const found = await people.poll(tab)
      expect(found).toMatchObject({ status: 'authenticated' })
      seen.sessions += world.sessionsMade.size
    })
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 5)
  })

  test('nothing outlives its end: when all its time is over a login is `expired` to everyone, and approves nothing', async () => {
    await always(async (world, people) => {
      world.pass(Math.max(POLICY.lifeMs, POLICY.confirmMs, POLICY.collectMs, REPEAT_MS))
      for (const tab of people.tabs) {
        if (tab === undefined) continue
        const made = world.sessionsMade.size
        expect(await people.poll(tab)).toEqual({ status: 'expired' })
        for (const each of people.phones) {
          await expect(world.approvals.confirm(tab.token, each, false)).rejects.toMatchObject({
            code: 'expired_token',
          })
          await expect(world.approvals.scan(tab.token, each, world.match)).rejects.toMatchObject({
            code: 'expired_token',
          })
        }
        expect(await people.poll(tab)).toEqual({ status: 'expired' })
        expect(world.sessionsMade.size).toBe(made)
      }
    })
  })

  test('a denied login stays denied for as long as it is shown, whatever everybody tries', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) {
        const login = tab && (await world.loginOf(tab.loginId))
        if (tab === undefined || login?.status !== 'denied') continue
        for (const each of people.phones) {
          await world.approvals.scan(tab.token, each, world.match).catch(() => undefined)
          await world.approvals.confirm(tab.token, each, true).catch(() => undefined)
        }
        await people.live({ do: 'match', browser: people.tabs.indexOf(tab), isRight: true })
        expect((await people.poll(tab)).status).toBe('denied')
      }
    })
  })

  test('the stories are about something: sessions are handed out, denied and expired in many of them', async () => {
    const seen = { sessions: 0, denied: 0, expired: 0, endedPhones: 0 }
    await always(async (world, people) => {
      seen.sessions += world.sessionsMade.size
      seen.endedPhones += world.ended.size
      for (const tab of people.tabs) {
        const status = tab && (await world.loginOf(tab.loginId))?.status
        if (status === 'denied') seen.denied++
        if (tab !== undefined && status === undefined) seen.expired++
      }
    })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 50)
  })
})
