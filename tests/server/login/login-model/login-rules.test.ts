import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  isExpired,
  type Login,
  type LoginEvent,
  MATCH_TRIES,
  type MatchKind,
  type Phone,
  transition,
} from '../../../../server/login/login.ts'
import { FINAL, NEXT, PHONES, RUNS, SEED } from './model.ts'

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
      shownHash: fc.oneof(fc.constant('first'), fc.string()),
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

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null)
    for (const part of Object.values(Object.freeze(value))) deepFrozen(part)
  return value
}
