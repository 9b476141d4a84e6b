import { expect, test } from '@jest/globals'
import { type Visit, whatIsNew } from '../../../web/src/sessions/what-is-new.ts'
import type { AccountEvent } from '../../../web/src/wire/event-protocol.ts'
import type { LinkedDevice } from '../../../web/src/wire/session-protocol.ts'

const where = { browser: { name: 'Firefox', os: 'Linux' }, ip: '203.0.113.7', place: undefined }

const device = (id: string, more: Partial<LinkedDevice> = {}): LinkedDevice => ({
  ...where,
  id,
  kind: 'browser',
  name: undefined,
  createdAt: 1000,
  lastSeenAt: 2000,
  current: false,
  isNew: true,
  login: undefined,
  ...more,
})
const event = (type: string, session: string | undefined, more: Partial<AccountEvent> = {}): AccountEvent => ({
  ...where,
  type,
  session,
  passkey: undefined,
  createdAt: 900,
  by: undefined,
  count: 1,
  isNew: true,
  ...more,
})
const visit = (more: Partial<Visit> = {}): Visit => ({
  approved: new Set(),
  ended: new Set(),
  known: new Set(),
  told: new Map(),
  ...more,
})
const states = (...given: Parameters<typeof whatIsNew>) =>
  [...whatIsNew(...given).values()].map(({ id, state }) => `${id} ${state}`)

test('what was signed in since the last visit is told, the newest first; this phone itself and the known ones are not', () => {
  const devices = [
    device('phone', { current: true, kind: 'phone' }),
    device('old', { isNew: false }),
    device('first', { createdAt: 500 }),
    device('second', { createdAt: 700 }),
    device('theirs'),
  ]
  expect(states(devices, [], visit({ known: new Set(['theirs']) }))).toEqual(['second live', 'first live'])
})

test('what the person has just let in is no news, and what somebody else let in meanwhile is', () => {
  const devices = [device('own', { login: 'L1' }), device('other', { login: 'L2' }), device('none')]
  expect(states(devices, [], visit({ approved: new Set(['L1']) }))).toEqual(['other live', 'none live'])
})

test('what has ended since is told too, unless its owner ended it, or it is of an earlier visit', () => {
  const events = [
    event('revoked', 'by-owner'),
    event('linked', 'by-owner'),
    event('linked', 'gone'),
    event('signed_in', 'phone-gone'),
    event('linked', 'told-before', { isNew: false }),
    event('denied', undefined),
    event('linked', 'live'),
  ]
  const told = whatIsNew([device('live')], events, visit())
  expect([...told.values()].map(({ id, kind, state }) => [id, kind, state])).toEqual([
    ['live', 'browser', 'live'],
    ['gone', 'browser', 'ended_since'],
    ['phone-gone', 'phone', 'ended_since'],
  ])
})

test('what was told stays, and says by whom it ended', () => {
  const begun = visit()
  begun.told = whatIsNew([device('one'), device('two'), device('three')], [], begun)
  begun.ended.add('one')
  const devices = [device('three', { isNew: false, lastSeenAt: 5000 })]
  expect(states(devices, [], begun)).toEqual(['one ended_here', 'two ended_since', 'three live'])
  expect([...whatIsNew(devices, [], begun).values()].map(({ now }) => now)).toEqual([5000, 5000, 5000])
})

test('what was done with passkeys is told until it is answered, unless the person has done it in this visit', () => {
  const passkey = (type: string, id: string, more: Partial<AccountEvent> = {}) =>
    event(type, undefined, { passkey: id, ...more })
  const events = [
    passkey('passkey_removed', 'theirs', { createdAt: 800 }),
    passkey('passkey_added', 'own', { createdAt: 700 }),
    passkey('passkey_added', 'new', { createdAt: 600 }),
    passkey('passkey_added', 'old', { isNew: false }),
  ]
  const begun = visit({ approved: new Set(['passkey_added own']) })
  begun.told = whatIsNew([], events, begun)
  const all = ['passkey_removed theirs live', 'passkey_added new live']
  expect(states([], events, begun)).toEqual(all)
  // Also where what happened cannot be had just now.
  expect(states([], [], begun)).toEqual(all)
  begun.approved.add('passkey_added new')
  begun.known.add('passkey_removed theirs')
  expect(states([], events, begun)).toEqual([])
})

test('a passkey that the person has added in this visit is told of where somebody else removes it', () => {
  const of = (type: string) => event(type, undefined, { passkey: 'own' })
  const begun = visit({ approved: new Set(['passkey_added own']) })
  expect(states([], [of('passkey_removed'), of('passkey_added')], begun)).toEqual(['passkey_removed own live'])
})
