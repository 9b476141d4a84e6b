import { describe, expect, test } from '@jest/globals'
import { check } from './check.ts'
import type { Answer, Ask, Call, LoginHistory, Rules } from './history.ts'
import { endingOf } from './liveness.ts'

const RULES: Rules = {
  lifeMs: 60_000,
  confirmMs: 20_000,
  collectMs: 15_000,
  overlapMs: 3000,
  refreshMs: 10_000,
  slackMs: 100,
}

const ZOFIA = { id: 'phone-1', person: 'zofia' }
const YUSUF = { id: 'phone-2', person: 'yusuf' }
const ZOFIAS_OTHER = { id: 'phone-3', person: 'zofia' }

type Reply = Omit<Answer, 'at' | 'status'> & { status?: number }

/** What was asked from one moment until another, and the reply. */
function call(calledAt: number, at: number, ask: Ask, reply?: Reply): Call {
  return { ask, calledAt, ...(reply === undefined ? {} : { answer: { at, status: 200, ...reply } }) }
}

const poll = (from: number, until: number, reply?: Reply, secret = 'qr') =>
  call(from, until, { do: 'poll', secret }, reply)
const phone = (
  from: number,
  until: number,
  what: 'scan' | 'confirm' | 'deny' | 'watch',
  reply?: Reply,
  by = ZOFIA,
  secret = 'qr',
) => call(from, until, { do: what, secret, phone: by }, reply)
const use = (from: number, until: number, reply?: Reply) =>
  call(from, until, { do: 'use', session: 'session-1' }, reply)

const SIGNED_IN = { said: 'authenticated', session: 'session-1', person: 'zofia' }
const EXPIRED_TOKEN = { status: 404, code: 'expired_token' }
const UNAVAILABLE = { status: 503, code: 'store_unavailable' }

const scanned = phone(100, 200, 'scan', { said: 'scanned' })
const confirmed = phone(300, 400, 'confirm', { said: 'authenticated' })
const signedIn = poll(450, 500, SIGNED_IN)

function rulesBroken(calls: Call[], rules = RULES, match: LoginHistory['match'] = 'none'): string[] {
  const history = { name: 'it', match, started: { from: 0, until: 0 }, secret: 'qr', calls }
  return [...new Set(check(history, rules).map(({ rule }) => rule))]
}

const ORDER = 'all answers fit one order'

describe('what is right passes', () => {
  test.each<[string, Call[]]>([
    ['a login from its QR to its session', [poll(50, 90, { said: 'pending' }), scanned, confirmed, signedIn]],
    ['polls that race get one session', [scanned, confirmed, poll(410, 500, SIGNED_IN), poll(410, 480, SIGNED_IN)]],
    ['a scan that overtakes a poll', [poll(90, 210, { said: 'pending' }), scanned]],
    ['a confirm that came through without a reply', [scanned, phone(300, 0, 'confirm'), signedIn]],
    ['a confirm that came through though it was refused', [scanned, phone(300, 400, 'confirm', UNAVAILABLE), signedIn]],
    [
      'a confirm without a reply that never came',
      [scanned, phone(300, 0, 'confirm'), poll(450, 500, { said: 'scanned' })],
    ],
    ['a reply that is lost and given again', [scanned, confirmed, poll(410, 0), poll(3000, 3100, SIGNED_IN)]],
    [
      'a lost reply that is asked for too late',
      [scanned, confirmed, poll(410, 0), poll(12_000, 12_100, { said: 'expired' })],
    ],
    [
      'what nobody collects, after a confirm that may have come through long before it was answered',
      [
        scanned,
        phone(300, 400, 'confirm', UNAVAILABLE),
        phone(10_000, 10_100, 'confirm', { said: 'authenticated' }),
        poll(15_500, 15_600, { said: 'expired' }),
      ],
    ],
    [
      'a phone that thinks better of it',
      [scanned, confirmed, phone(420, 440, 'deny', { said: 'denied' }), poll(450, 500, { said: 'denied' })],
    ],
    ['a denial that comes too late', [scanned, confirmed, signedIn, phone(520, 540, 'deny', EXPIRED_TOKEN)]],
    ['a second person', [scanned, phone(210, 220, 'scan', { status: 409, code: 'already_scanned' }, YUSUF)]],
    [
      'another phone of the same person',
      [
        scanned,
        phone(210, 220, 'scan', { said: 'scanned' }, ZOFIAS_OTHER),
        phone(230, 240, 'confirm', { status: 409, code: 'not_scanned' }),
      ],
    ],
    [
      'what nobody scans ends by itself',
      [poll(59_800, 60_050, { said: 'expired' }), phone(60_200, 60_300, 'scan', EXPIRED_TOKEN)],
    ],
    ['what nobody collects ends by itself', [scanned, confirmed, poll(15_500, 15_600, { said: 'expired' })]],
    [
      'a session that is used, and then not given again',
      [scanned, confirmed, signedIn, use(510, 520, { person: 'zofia' }), poll(530, 540, { said: 'expired' })],
    ],
    [
      'a session that ends as the page that is given it is left',
      [
        scanned,
        confirmed,
        poll(450, 500, SIGNED_IN),
        call(460, 510, { do: 'leave', secret: 'qr' }, { status: 204 }),
        use(520, 530, { status: 401 }),
      ],
    ],
    [
      'a session that is revoked',
      [
        scanned,
        confirmed,
        signedIn,
        call(510, 520, { do: 'revoke', session: 'session-1' }, { status: 204 }),
        use(530, 540, { status: 401 }),
      ],
    ],
    [
      'a phone that is signed out before its login is collected',
      [
        scanned,
        confirmed,
        call(410, 420, { do: 'end phone', phone: ZOFIA }, { status: 204 }),
        poll(430, 440, { said: 'denied' }),
      ],
    ],
    [
      'a QR that is renewed, and scanned by the old one in time',
      [
        call(100, 110, { do: 'rotate', secret: 'qr' }, { status: 201, secret: 'qr-2' }),
        phone(3000, 3050, 'scan', { said: 'scanned' }),
      ],
    ],
    [
      'a QR whose renewal was not answered, and that is renewed by the old one, and scanned by the new one',
      [
        call(100, 0, { do: 'rotate', secret: 'qr' }),
        call(5000, 5100, { do: 'rotate', secret: 'qr' }, { status: 201, secret: 'qr-3' }),
        phone(5200, 5300, 'scan', { said: 'scanned' }, ZOFIA, 'qr-3'),
      ],
    ],
  ])('%s', (_what, calls) => {
    expect(rulesBroken(calls)).toEqual([])
  })

  test('digits that are typed wrong, then right', () => {
    const typed = (from: number, code: string, reply: Reply) =>
      call(from, from + 10, { do: 'match', secret: 'qr', code }, reply)
    const asked = phone(300, 400, 'confirm', { said: 'match_required', matchCode: 'code-1' })
    const wrong = typed(410, 'code-2', { status: 422, code: 'wrong_match_code', triesLeft: 4 })
    expect(rulesBroken([scanned, asked, wrong, typed(430, 'code-1', SIGNED_IN)], RULES, 'code')).toEqual([])
    expect(rulesBroken([scanned, asked, typed(410, 'code-2', SIGNED_IN)], RULES, 'code')).toEqual([ORDER])
    expect(rulesBroken([scanned, asked, poll(410, 420, SIGNED_IN)], RULES, 'code')).toEqual([ORDER])
  })

  test('what a store that loses everything has lost, and nothing but that', () => {
    const after = [scanned, confirmed, poll(450, 500, { said: 'expired' })]
    expect(rulesBroken(after)).toEqual(['what was confirmed ends signed in', ORDER])
    expect(rulesBroken(after, { ...RULES, lostFrom: 430 })).toEqual([])
    expect(rulesBroken(after, { ...RULES, lostFrom: 510 })).toEqual([ORDER])
    // Its login was read before, the session of its phone after.
    const between = [scanned, confirmed, poll(450, 500, { said: 'denied' }), poll(510, 520, { said: 'expired' })]
    expect(rulesBroken(between, { ...RULES, lostFrom: 470 })).toEqual([])
    expect(rulesBroken(between, { ...RULES, lostFrom: 505 })).toEqual([ORDER])
    const stillThere = [scanned, confirmed, poll(450, 500, { said: 'denied' }), poll(510, 520, SIGNED_IN)]
    expect(rulesBroken(stillThere, { ...RULES, lostFrom: 470 })).toEqual([ORDER])
    const revoked = call(510, 520, { do: 'revoke', session: 'session-1' }, { status: 204 })
    const alive = [scanned, confirmed, signedIn, revoked, use(530, 540, {})]
    expect(rulesBroken(alive, { ...RULES, lostFrom: 430 })).toContain('an ended session answers nobody')
  })

  test('where a store may have gone back, nobody is signed in without a confirm all the same', () => {
    const rules = { ...RULES, rolledBackFrom: 0 }
    expect(rulesBroken([scanned, confirmed, poll(450, 500, { said: 'scanned' })], rules)).toEqual([])
    expect(rulesBroken([scanned, signedIn], rules)).toContain('nobody is signed in without a confirm')
  })
})

describe('what is wrong does not', () => {
  test.each<[string, string, Call[]]>([
    ['a session without a confirm', 'nobody is signed in without a confirm', [scanned, signedIn]],
    [
      'a session before its confirm',
      'nobody is signed in without a confirm',
      [scanned, poll(210, 290, SIGNED_IN), confirmed],
    ],
    [
      'a session of somebody else',
      'nobody is signed in as anybody but who confirmed',
      [scanned, confirmed, poll(450, 500, { ...SIGNED_IN, person: 'yusuf' })],
    ],
    [
      'two sessions',
      'one login is one session',
      [scanned, confirmed, signedIn, poll(600, 700, { ...SIGNED_IN, session: 'session-2' })],
    ],
    [
      'a confirm after the denial',
      'a denied login signs nobody in',
      [scanned, phone(210, 220, 'deny', { said: 'denied' }), confirmed, signedIn],
    ],
    ['a confirm that a denial had ended', ORDER, [scanned, phone(210, 220, 'deny', { said: 'denied' }), confirmed]],
    [
      'a state that goes back',
      ORDER,
      [scanned, poll(210, 220, { said: 'scanned' }), poll(230, 240, { said: 'pending' })],
    ],
    ['a state that does not come', ORDER, [scanned, poll(210, 220, { said: 'pending' })]],
    [
      'a revoked session that lives',
      'an ended session answers nobody',
      [
        scanned,
        confirmed,
        signedIn,
        call(510, 520, { do: 'revoke', session: 'session-1' }, { status: 204 }),
        use(530, 540, {}),
      ],
    ],
    [
      'a session that nobody ended and that is gone',
      ORDER,
      [scanned, confirmed, signedIn, use(530, 540, { status: 401 })],
    ],
    [
      'what was confirmed is lost',
      'what was confirmed ends signed in',
      [scanned, confirmed, poll(450, 500, { said: 'expired' })],
    ],
    [
      'what was confirmed is lost to a browser that was not told of its newest QR',
      'what was confirmed ends signed in',
      [call(20, 0, { do: 'rotate', secret: 'qr' }), scanned, confirmed, poll(5000, 5100, { said: 'expired' })],
    ],
    [
      'another login for who was not told of its newest QR',
      ORDER,
      [
        call(100, 0, { do: 'rotate', secret: 'qr' }),
        call(5000, 5100, { do: 'rotate', secret: 'qr' }, { status: 201 }),
        poll(5200, 5300, { said: 'expired' }),
      ],
    ],
    [
      'what was confirmed is lost while the store was away',
      'what was confirmed ends signed in',
      [scanned, confirmed, poll(410, 2410, UNAVAILABLE), poll(12_000, 12_100, { said: 'expired' })],
    ],
    [
      'a confirm by who has not scanned',
      ORDER,
      [scanned, phone(300, 400, 'confirm', { said: 'authenticated' }, YUSUF)],
    ],
    [
      'a hand-over that repeats after the first use',
      ORDER,
      [scanned, confirmed, signedIn, use(510, 520, {}), poll(530, 540, SIGNED_IN)],
    ],
    [
      'a session on the word of a phone that was signed out',
      ORDER,
      [scanned, confirmed, call(410, 420, { do: 'end phone', phone: ZOFIA }, { status: 204 }), signedIn],
    ],
    [
      'a phone that was signed out and still confirms',
      'an ended session answers nobody',
      [scanned, call(210, 220, { do: 'end phone', phone: ZOFIA }, { status: 204 }), confirmed],
    ],
    [
      'an old QR that scans after its end',
      ORDER,
      [
        call(100, 110, { do: 'rotate', secret: 'qr' }, { status: 201, secret: 'qr-2' }),
        phone(3300, 3400, 'scan', { said: 'scanned' }),
      ],
    ],
    ['a login that outlives itself', ORDER, [phone(60_200, 60_300, 'scan', { said: 'scanned' })]],
    ['a login that ends too soon', ORDER, [poll(50_000, 50_100, { said: 'expired' })]],
    ['a phone that is turned away', 'a phone that is signed in stays so', [phone(100, 200, 'scan', { status: 401 })]],
    [
      'an error of the service itself',
      'no reply is of a kind that nobody expects',
      [phone(100, 200, 'scan', { status: 500 })],
    ],
  ])('%s', (_what, rule, calls) => {
    expect(rulesBroken(calls)).toContain(rule)
  })
})

describe('who confirmed and was refused until it was too late', () => {
  const calls = [
    scanned,
    confirmed,
    poll(450, 0),
    poll(2000, 4000, UNAVAILABLE),
    poll(12_000, 12_100, { said: 'expired' }),
  ]
  const history = { name: 'it', match: 'none' as const, started: { from: 0, until: 0 }, secret: 'qr', calls }

  test('was starved, if nothing was wrong', () => {
    expect(endingOf(history, RULES)).toBe('starved')
    expect(endingOf(history, { ...RULES, troubles: [{ from: 500, until: 1900 }] })).toBe('starved')
  })

  test('was told the truth, if something was', () => {
    expect(endingOf(history, { ...RULES, troubles: [{ from: 500, until: 2100 }] })).toBe('fine')
    expect(endingOf(history, { ...RULES, troubles: [{ from: 3900, until: 5000 }] })).toBe('fine')
  })

  test('was not, if its browser went away upon that', () => {
    expect(endingOf({ ...history, calls: calls.slice(0, -1) }, RULES)).toBe('fine')
  })
})
