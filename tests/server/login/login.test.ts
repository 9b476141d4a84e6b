import { describe, expect, test } from '@jest/globals'
import {
  acceptsSecret,
  isStillOf,
  type Login,
  type LoginEvent,
  MATCH_TRIES,
  type MatchKind,
  ownUntil,
  type Phone,
  pendingLogin,
  transition,
} from '../../../server/login/login.ts'

const NOW = 1_000_000
const ann: Phone = { id: 'phone of ann', user: { id: 'ann', name: 'Ann' } }
const bob: Phone = { id: 'phone of bob', user: { id: 'bob', name: 'Bob' } }

const hashes = { browserKeyHash: 'key', secretHash: 'first' }
const from = { address: '192.0.2.1', isKnown: true }
const pending = pendingLogin(
  { ...hashes, browser: { name: 'Firefox', os: 'Linux' }, from, lifeMs: 301_000 },
  NOW - 1000,
)

const rotate: LoginEvent = {
  ...{ type: 'rotate', shownHash: 'first', secretHash: 'second' },
  ...{ overlapMs: 10_000, refreshMs: 30_000 },
}
const collect: LoginEvent = { type: 'collect', repeatMs: 10_000 }
const give: LoginEvent = { type: 'give', repeatMs: 10_000 }
const acknowledge: LoginEvent = { type: 'acknowledge' }
const scan = (phone: Phone, match: MatchKind = 'none'): LoginEvent => ({
  type: 'scan',
  phone,
  match,
  confirmMs: 120_000,
})
const confirm = (phone: Phone, matchCodeHash = 'right'): LoginEvent => ({
  type: 'confirm',
  phone,
  remember: false,
  matchCodeHash,
  salt: 'salt',
  collectMs: 60_000,
})
const deny = (phone: Phone): LoginEvent => ({ type: 'deny', phone, showMs: 60_000 })
const match = (matchCodeHash: string): LoginEvent => ({
  type: 'match',
  matchCodeHash,
  salt: 'salt',
  collectMs: 60_000,
  showMs: 60_000,
})

/** The login after these events, each of which has to be accepted. */
function after(...events: LoginEvent[]): Login {
  return events.reduce<Login>((login, event) => {
    const outcome = transition(login, event, NOW)
    expect(outcome.refusal).toBeUndefined()
    return outcome.login
  }, pending)
}

const EVERY_STATE: [string, Login][] = [
  ['pending', pending],
  ['scanned', after(scan(ann))],
  ['match_required', after(scan(ann, 'code'), confirm(ann))],
  ['authenticated', after(scan(ann), confirm(ann))],
  ['delivered', after(scan(ann), confirm(ann), collect)],
  ['denied', after(scan(ann), deny(ann))],
]
const EVERY_EVENT = [rotate, scan(ann), confirm(ann), deny(ann), match('right'), collect, give, acknowledge]

describe('in time', () => {
  test.each(EVERY_STATE)('%s has the status it is named for', (status, login) => {
    expect(login.status).toBe(status)
  })

  test.each(EVERY_STATE)('%s refuses every event once its time is over, and stays as it was', (_status, login) => {
    for (const event of EVERY_EVENT) {
      expect(transition(login, event, login.expiresAt)).toEqual({ login, refusal: 'expired' })
    }
  })

  test.each(EVERY_STATE)('%s is never changed in place', (_status, login) => {
    const before = structuredClone(login)
    for (const event of EVERY_EVENT) transition(login, event, NOW)
    expect(login).toEqual(before)
  })

  test('an unscanned login keeps its end, however often it is rotated', () => {
    expect(after(rotate, rotate, rotate).expiresAt).toBe(pending.expiresAt)
  })

  test('scanning, approving, delivering and denying each set an end of their own', () => {
    expect(after(scan(ann)).expiresAt).toBe(NOW + 120_000)
    expect(after(scan(ann), confirm(ann)).expiresAt).toBe(NOW + 60_000)
    expect(after(scan(ann), confirm(ann), collect, give).expiresAt).toBe(NOW + 10_000)
    expect(after(scan(ann), deny(ann)).expiresAt).toBe(NOW + 60_000)
  })

  test('matching is a part of confirming: it does not begin the time anew', () => {
    const scanned = after(scan(ann, 'code'))
    expect(transition(scanned, confirm(ann), NOW + 100_000).login.expiresAt).toBe(scanned.expiresAt)
  })
})

describe('rotation', () => {
  test('the newest secret is good, and the one before until the overlap ends', () => {
    const rotated = after(rotate)
    expect(acceptsSecret(rotated, 'second', NOW)).toBe(true)
    expect(acceptsSecret(rotated, 'first', NOW + 9999)).toBe(true)
    expect(acceptsSecret(rotated, 'first', NOW + 10_000)).toBe(false)
    expect(acceptsSecret(rotated, 'second', NOW + 200_000)).toBe(true)
  })

  test('every secret is good for its whole overlap, also when the page renews faster than that', () => {
    const twice = transition(after(rotate), { ...rotate, secretHash: 'third' } as LoginEvent, NOW + 5000).login
    expect(acceptsSecret(twice, 'first', NOW + 9999)).toBe(true)
    expect(acceptsSecret(twice, 'first', NOW + 10_000)).toBe(false)
    expect(acceptsSecret(twice, 'second', NOW + 14_999)).toBe(true)
    expect(acceptsSecret(twice, 'second', NOW + 15_000)).toBe(false)
  })

  test('a page that renews without end leaves no heap of secrets', () => {
    const login = after(
      ...Array.from({ length: 200 }, (_, at) => ({ ...rotate, secretHash: `secret ${at}` }) as LoginEvent),
    )
    expect(login.qrSecrets.length).toBeLessThanOrEqual(17)
    expect(acceptsSecret(login, 'secret 199', NOW)).toBe(true)
  })

  test('a page that renews when it is told to has every code good for the whole overlap, however long that is', () => {
    let login = after()
    for (let second = 0; second < 60; second++) {
      const secretHash = `secret ${second}`
      const shownHash = login.qrSecrets.at(-1)?.hash ?? ''
      const event: LoginEvent = { type: 'rotate', shownHash, secretHash, overlapMs: 60_000, refreshMs: 1000 }
      login = transition(login, event, NOW + second * 1000).login
    }
    expect(acceptsSecret(login, 'first', NOW + 59_000)).toBe(true)
    expect(acceptsSecret(login, 'first', NOW + 60_000)).toBe(false)
    expect(acceptsSecret(login, 'secret 0', NOW + 60_000)).toBe(true)
  })

  test('without an overlap only the newest secret is good', () => {
    expect(acceptsSecret(after({ ...rotate, overlapMs: 0 }), 'first', NOW)).toBe(false)
  })

  test.each(EVERY_STATE.slice(1))('%s is not rotated', (_status, login) => {
    expect(transition(login, rotate, NOW)).toEqual({ login, refusal: 'not_pending' })
  })

  test('a scan keeps what was good then for good: phone and browser may know different secrets', () => {
    const scanned = transition(after(rotate), scan(ann), NOW + 5000).login
    expect(acceptsSecret(scanned, 'first', NOW + 100_000)).toBe(true)
    expect(acceptsSecret(scanned, 'second', NOW + 100_000)).toBe(true)
  })

  test('a scan after the overlap does not bring the old secret back', () => {
    const scanned = transition(after(rotate), scan(ann), NOW + 10_000).login
    expect(acceptsSecret(scanned, 'first', NOW + 10_000)).toBe(false)
  })

  test('but for its own browser, which may know no newer one: it is the end of none that it has come with', () => {
    const rotated = after(rotate)
    expect([ownUntil(rotated, 'first', NOW), ownUntil(rotated, 'first', NOW + 10_000)]).toEqual([
      NOW + 10_000,
      undefined,
    ])
    const again = transition(rotated, { ...rotate, secretHash: 'third' } as LoginEvent, NOW + 30_000).login
    expect(ownUntil(again, 'first', NOW + 30_000)).toBeUndefined()
    const typed = { ...scan(ann), extraSecretHash: 'typed' } as LoginEvent
    const { login } = transition(again, typed, NOW + 60_000)
    expect([ownUntil(login, 'first', NOW + 60_000), ownUntil(login, 'none', NOW + 60_000)]).toEqual([
      login.expiresAt,
      undefined,
    ])
  })

  test('whoever shows a code that a phone reads knows it: what comes of one keeps none that is rotated out', () => {
    for (const event of [scan(ann), deny(ann)]) {
      const { login } = transition(after(rotate), event, NOW + 10_000)
      expect(ownUntil(login, 'first', NOW + 10_000)).toBeUndefined()
      expect(ownUntil(login, 'second', NOW + 10_000)).toBe(login.expiresAt)
    }
  })

  test('a login that is renewed when it is due, and answered, knows two secrets', () => {
    let login = after()
    for (const at of [1, 2, 3, 4]) {
      const event = { ...rotate, shownHash: login.qrSecrets.at(-1)?.hash, secretHash: `secret ${at}` } as LoginEvent
      login = transition(login, event, NOW + at * 30_000).login
    }
    expect(login.qrSecrets.map(({ hash }) => hash)).toEqual(['secret 3', 'secret 4'])
  })
})

describe('scanning', () => {
  test('the first phone owns the login, and another is told so', () => {
    const scanned = after(scan(ann))
    expect(transition(scanned, scan(bob), NOW)).toEqual({ login: scanned, refusal: 'already_scanned' })
  })

  test('another session of the same person goes on where the first was, in the time that is left', () => {
    const newer: Phone = { id: 'new phone of ann', user: { ...ann.user, name: 'Ann, renamed' } }
    for (const login of [after(scan(ann)), after(scan(ann, 'code'), confirm(ann)), after(scan(ann), confirm(ann))]) {
      const { login: taken, refusal } = transition(login, scan(newer), NOW + 1000)
      expect(refusal).toBeUndefined()
      expect(taken).toEqual({ ...login, phone: { ...newer, turn: 1 } })
      expect(transition(taken, confirm(ann), NOW + 1000).refusal).toBe('not_scanned')
      expect(transition(taken, confirm(newer), NOW + 1000).login).toMatchObject({ phone: { id: newer.id, turn: 1 } })
      expect([isStillOf(login, ann), isStillOf(taken, ann)]).toEqual([true, false])
      // The first one again is not taken for what it was before.
      expect(isStillOf(transition(taken, scan(ann), NOW + 1000).login, ann)).toBe(false)
    }
  })

  test('digits that were to be typed are still to be, from wherever the person goes on', () => {
    const newer: Phone = { ...ann, id: 'new phone of ann' }
    const match = (first: MatchKind, second: MatchKind) => transition(after(scan(ann, first)), scan(newer, second), NOW)
    expect(match('code', 'none').login).toMatchObject({ match: 'code' })
    expect(match('none', 'code').login).toMatchObject({ match: 'code' })
    expect(match('none', 'none').login).toMatchObject({ match: 'none' })
  })

  test('who has the same id elsewhere is another person', () => {
    const namesake: Phone = { id: 'phone of a namesake', user: { ...ann.user, source: 'jwt' } }
    expect(transition(after(scan(ann)), scan(namesake), NOW).refusal).toBe('already_scanned')
  })

  test('the same phone may scan again, and nothing changes', () => {
    const scanned = after(scan(ann))
    expect(transition(scanned, scan(ann), NOW + 1)).toEqual({ login: scanned })
  })

  test('a phone that typed the code gets a secret that is good too, and typing again makes no heap of them', () => {
    const typed: LoginEvent = { type: 'scan', phone: ann, match: 'none', confirmMs: 120_000, extraSecretHash: 'typed' }
    let login = after(typed)
    expect(acceptsSecret(login, 'typed', NOW)).toBe(true)
    for (let again = 0; again < 10; again++) {
      login = transition(login, { ...typed, extraSecretHash: `typed ${again}` }, NOW).login
    }
    expect(acceptsSecret(login, 'first', NOW)).toBe(true)
    // Who has the answer before, as the reply after it was lost, goes on by that.
    expect(acceptsSecret(login, 'typed 8', NOW)).toBe(true)
    expect(acceptsSecret(login, 'typed 9', NOW)).toBe(true)
    expect(login.qrSecrets.length).toBeLessThanOrEqual(6)
    // The same phone's is the same.
    expect(transition(login, { ...typed, extraSecretHash: 'typed 9' }, NOW).login).toBe(login)
  })

  test('what is over cannot be scanned again', () => {
    for (const login of [after(scan(ann), deny(ann)), after(scan(ann), confirm(ann), collect)]) {
      expect(transition(login, deny(bob), NOW).refusal).toBe('expired')
      expect(transition(login, scan(ann), NOW).refusal).toBe('expired')
    }
  })
})

describe('confirming', () => {
  test('approves as the person whose phone scanned', () => {
    expect(after(scan(ann), confirm(ann))).toMatchObject({ status: 'authenticated', phone: ann })
  })

  test('is refused before a scan and to any other phone, and nothing changes', () => {
    expect(transition(pending, confirm(ann), NOW)).toEqual({ login: pending, refusal: 'not_scanned' })
    for (const login of [after(scan(ann)), after(scan(ann, 'code'), confirm(ann)), after(scan(ann), confirm(ann))]) {
      expect(transition(login, confirm(bob), NOW)).toEqual({ login, refusal: 'not_scanned' })
    }
  })

  test('is by the phone as it is then: a native app may have another token by that time, with another end', () => {
    const [early, late] = [
      { ...ann, goodUntil: NOW + 1000 },
      { ...ann, goodUntil: NOW + 9000 },
    ]
    for (const kind of ['none', 'code'] as const) {
      expect(after(scan(early, kind), confirm(late))).toMatchObject({ phone: { goodUntil: NOW + 9000 } })
    }
    expect(after(scan(early, 'code'), confirm(early), confirm(late))).toMatchObject({ phone: late })
  })

  test('twice is once', () => {
    const approved = after(scan(ann), confirm(ann))
    expect(transition(approved, confirm(ann), NOW + 5000)).toEqual({ login: approved })
  })

  test('does not bring back what was denied or handed over', () => {
    const denied = after(scan(ann), deny(ann))
    expect(transition(denied, confirm(ann), NOW)).toEqual({ login: denied, refusal: 'expired' })
    const delivered = after(scan(ann), confirm(ann), collect)
    expect(transition(delivered, confirm(bob), NOW)).toEqual({ login: delivered, refusal: 'expired' })
  })

  test('again, when the reply was lost and the browser was quick, is still a yes until the session is used', () => {
    const delivered = after(scan(ann), confirm(ann), collect)
    expect(transition(delivered, confirm(ann), NOW)).toEqual({ login: delivered })
    const used = transition(delivered, acknowledge, NOW).login
    expect(transition(used, confirm(ann), NOW)).toEqual({ login: used, refusal: 'expired' })
  })

  test('remembers what the person chose, through the match too', () => {
    const remembering = { ...confirm(ann), remember: true } as LoginEvent
    expect(after(scan(ann), remembering)).toMatchObject({ remember: true })
    expect(after(scan(ann, 'code'), remembering, match('right'))).toMatchObject({ remember: true })
  })
})

describe('matching', () => {
  const waiting = after(scan(ann, 'code'), confirm(ann))

  test('the right code approves', () => {
    expect(transition(waiting, match('right'), NOW).login.status).toBe('authenticated')
  })

  test(`${MATCH_TRIES} wrong codes deny for good, and the right one then helps nobody`, () => {
    let login: Login = waiting
    for (let tries = 1; tries < MATCH_TRIES; tries++) {
      const outcome = transition(login, match('wrong'), NOW)
      expect(outcome).toMatchObject({ refusal: 'wrong_match_code', login: { triesLeft: MATCH_TRIES - tries } })
      login = outcome.login
    }
    login = transition(login, match('wrong'), NOW).login
    expect(login.status).toBe('denied')
    expect(transition(login, match('right'), NOW)).toEqual({ login, refusal: 'not_matching' })
  })

  test('confirming again, with other digits, makes those the right ones, and gives no new tries', () => {
    const tried = transition(waiting, match('wrong'), NOW).login
    const again = transition(tried, confirm(ann, 'newer'), NOW).login
    expect(again).toMatchObject({ status: 'match_required', triesLeft: MATCH_TRIES - 1 })
    expect(transition(again, match('right'), NOW).refusal).toBe('wrong_match_code')
    expect(transition(again, match('newer'), NOW).login.status).toBe('authenticated')
  })

  test('nothing but a login that waits for it takes a code', () => {
    for (const [status, login] of EVERY_STATE) {
      if (status !== 'match_required') expect(transition(login, match('right'), NOW).refusal).toBe('not_matching')
    }
  })
})

describe('denying', () => {
  test('ends a login in every state before the hand-over', () => {
    for (const [status, login] of EVERY_STATE) {
      if (status !== 'delivered') expect(transition(login, deny(ann), NOW).login.status).toBe('denied')
    }
  })

  test('is for the phone that scanned', () => {
    for (const login of [after(scan(ann)), after(scan(ann), confirm(ann))]) {
      expect(transition(login, deny(bob), NOW)).toEqual({ login, refusal: 'not_scanned' })
    }
  })

  test('leaves nothing of an approval behind', () => {
    const denied = after(scan(ann), { ...confirm(ann), remember: true } as LoginEvent, deny(ann))
    expect(Object.keys(denied).sort()).toEqual(
      ['browser', 'browserKeyHash', 'createdAt', 'expiresAt', 'ip', 'phone', 'qrSecrets', 'status'].sort(),
    )
  })
})

describe('handing over', () => {
  const delivered = after(scan(ann), confirm(ann), collect)

  test('nothing but an approved login is collected', () => {
    for (const [status, login] of EVERY_STATE) {
      if (status === 'authenticated' || status === 'delivered') continue
      expect(transition(login, collect, NOW)).toEqual({ login, refusal: 'not_authenticated' })
    }
  })

  test('may repeat for as long as there was to collect, and once it was given for ten seconds, which nothing begins anew', () => {
    expect(delivered.expiresAt).toBe(NOW + 70_000)
    const given = transition(delivered, give, NOW + 1000).login
    expect(given).toEqual({ ...delivered, expiresAt: NOW + 11_000 })
    expect(transition(given, give, NOW + 9000)).toEqual({ login: given })
  })

  test('repeats without changing anything until its session is used', () => {
    expect(transition(delivered, collect, NOW + 9999)).toEqual({ login: delivered })
    const used = transition(delivered, acknowledge, NOW + 1).login
    expect(transition(used, collect, NOW + 2)).toEqual({ login: used, refusal: 'expired' })
    expect(used.expiresAt).toBe(delivered.expiresAt)
  })

  test('is by the salt of the approval, which is made once and forgotten when the session is used', () => {
    const again = { ...confirm(ann), salt: 'another' } as LoginEvent
    for (const approved of [after(scan(ann), confirm(ann)), after(scan(ann, 'code'), confirm(ann), match('right'))]) {
      expect(approved).toMatchObject({ salt: 'salt' })
      expect(transition(approved, again, NOW).login).toBe(approved)
      const handedOver = transition(approved, collect, NOW).login
      expect(handedOver).toMatchObject({ salt: 'salt' })
      expect(JSON.stringify(transition(handedOver, acknowledge, NOW).login)).not.toContain('salt')
    }
  })

  test('keeps where to go', () => {
    const login = transition({ ...pending, returnTo: '/app' }, scan(ann), NOW).login
    const approved = transition(login, confirm(ann), NOW).login
    expect(transition(approved, collect, NOW).login).toMatchObject({ returnTo: '/app' })
  })
})
