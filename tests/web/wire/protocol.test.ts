import { describe, expect, test } from '@jest/globals'
import { DecodeError } from '../../../web/src/wire/decoding.ts'
import {
  decodeBrowserReply,
  decodeConfirm,
  decodeLogin,
  decodePhoneReply,
  decodeScan,
  decodeUserCode,
} from '../../../web/src/wire/protocol.ts'
import { decodeSession, decodeSessions } from '../../../web/src/wire/session-protocol.ts'

const token = 'V1StGXR8_Z5jdHi6.abcdefghijklmnopqrstuv'
const login = {
  status: 'pending',
  token,
  qr_image: 'data:image/svg+xml;base64,PHN2Zz4=',
  expires_in: 300,
  refresh_in: 30,
  interval: 2,
  hold: 2,
}
const pace = { expires_in: 120, interval: 2, hold: 2 }
const paced = { expiresInSeconds: 120, intervalSeconds: 2, holdSeconds: 2 }

describe('a login', () => {
  test('is read whole', () => {
    expect(decodeLogin(login)).toEqual({
      status: 'pending',
      token,
      qrImage: 'data:image/svg+xml;base64,PHN2Zz4=',
      expiresInSeconds: 300,
      refreshInSeconds: 30,
      intervalSeconds: 2,
      holdSeconds: 2,
    })
  })

  test('may say more than we know of', () => {
    expect(decodeLogin({ ...login, colour: 'green' }).token).toBe(token)
  })

  test.each(Object.keys(login))('is refused without %s', (key) => {
    expect(() => decodeLogin({ ...login, [key]: undefined })).toThrow(DecodeError)
  })

  test('is refused when its picture would be fetched from elsewhere', () => {
    expect(() => decodeLogin({ ...login, qr_image: 'https://evil.example/qr.png' })).toThrow(DecodeError)
  })

  test.each([null, undefined, 'pending', 7, [], [login]])('is not %p', (value) => {
    expect(() => decodeLogin(value)).toThrow(DecodeError)
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '2', null])('does not have an interval of %p', (interval) => {
    expect(() => decodeLogin({ ...login, interval })).toThrow(DecodeError)
  })
})

describe('what the browser learns', () => {
  test('pending and scanned come with their pace', () => {
    expect(decodeBrowserReply({ status: 'pending', ...pace })).toEqual({ status: 'pending', ...paced })
    expect(decodeBrowserReply({ status: 'scanned', ...pace })).toEqual({ status: 'scanned', ...paced })
  })

  test('match_required comes with the tries that are left', () => {
    const reply = decodeBrowserReply({ status: 'match_required', ...pace, tries_left: 5 })
    expect(reply).toEqual({ status: 'match_required', ...paced, triesLeft: 5 })
    expect(() => decodeBrowserReply({ status: 'match_required', ...pace })).toThrow(DecodeError)
  })

  test('authenticated comes with the way on', () => {
    const reply = { status: 'authenticated', ...pace, user: { id: '1', name: 'Ada' }, redirect_to: '/home' }
    expect(decodeBrowserReply(reply)).toEqual({ status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    expect(() => decodeBrowserReply({ ...reply, redirect_to: undefined })).toThrow(DecodeError)
  })

  test('expired stands alone', () => {
    expect(decodeBrowserReply({ status: 'expired' })).toEqual({ status: 'expired' })
    expect(decodeBrowserReply({ status: 'denied', ...pace })).toEqual({ status: 'denied' })
  })

  test('a state that is not in the contract is refused', () => {
    expect(() => decodeBrowserReply({ status: 'almost', ...pace })).toThrow(DecodeError)
  })

  test('a user code is read', () => {
    const reply = { user_code: 'WDJB-MJHT', verification_uri: 'https://scanin.example/scan', expires_in: 200 }
    expect(decodeUserCode(reply)).toEqual({
      userCode: 'WDJB-MJHT',
      verificationUri: 'https://scanin.example/scan',
    })
  })
})

describe('what the phone learns', () => {
  const scan = {
    status: 'scanned',
    token,
    browser: { name: 'Chrome', os: 'Linux' },
    ip: '192.0.2.7',
    same_network: false,
    age: 12,
    origin: 'https://scanin.example',
    match: 'code',
    expires_in: 118,
  }

  test('a scan says who asks', () => {
    expect(decodeScan(scan)).toEqual({
      status: 'scanned',
      token,
      browser: { name: 'Chrome', os: 'Linux' },
      ip: '192.0.2.7',
      scopes: [],
      sameNetwork: false,
      ageSeconds: 12,
      origin: 'https://scanin.example',
      match: 'code',
      expiresInSeconds: 118,
    })
  })

  test('what the service does not know of a browser is nothing: the page has words of its own for that', () => {
    const asked = (name: string, os: string) => decodeScan({ ...scan, browser: { name, os } }).browser
    expect(asked('Unknown browser', 'unknown system')).toEqual({ name: '', os: '' })
    expect(asked('Living Room TV', 'unknown system')).toEqual({ name: 'Living Room TV', os: '' })
    expect(asked('Chrome', 'Android')).toEqual({ name: 'Chrome', os: 'Android' })
  })

  test.each(Object.keys(scan))('a scan without %s is refused: nobody confirms what was not shown', (key) => {
    expect(() => decodeScan({ ...scan, [key]: undefined })).toThrow(DecodeError)
  })

  test('a confirmation either is one or asks for a match', () => {
    expect(decodeConfirm({ status: 'authenticated' })).toEqual({ status: 'authenticated' })
    const asked = { status: 'match_required', match_code: '482913', expires_in: 90 }
    expect(decodeConfirm(asked)).toEqual({ status: 'match_required', matchCode: '482913', expiresInSeconds: 90 })
    expect(() => decodeConfirm({ status: 'scanned' })).toThrow(DecodeError)
  })

  test('nothing said of collecting means not collected', () => {
    expect(decodePhoneReply({ status: 'authenticated', expires_in: 60 }).collected).toBe(false)
    expect(decodePhoneReply({ status: 'authenticated', expires_in: 60, collected: true }).collected).toBe(true)
  })
})

describe('sessions', () => {
  const created = '2026-10-03T12:00:00.000Z'
  const session = { id: 's1', kind: 'phone', created_at: created, last_seen_at: created }

  test('the own session is read', () => {
    const reply = { user: { id: '1', name: 'Ada' }, session: { ...session, expires_in: 60 } }
    expect(decodeSession(reply)).toEqual({
      user: { id: '1', name: 'Ada', email: undefined },
      session: {
        id: 's1',
        kind: 'phone',
        createdAt: Date.parse(created),
        lastSeenAt: Date.parse(created),
        expiresInSeconds: 60,
      },
    })
  })

  test('a list is read, and one bad entry refuses it', () => {
    const device = { ...session, browser: { name: 'Chrome', os: 'Linux' }, ip: '192.0.2.7', current: true }
    expect(decodeSessions({ sessions: [device] })).toHaveLength(1)
    expect(decodeSessions({ sessions: [] })).toEqual([])
    expect(() => decodeSessions({ sessions: [device, { ...device, created_at: 'yesterday' }] })).toThrow(DecodeError)
    expect(() => decodeSessions({ sessions: {} })).toThrow(DecodeError)
  })
})

test('an error names the field and never what was in it', () => {
  expect(() => decodeLogin({ ...login, expires_in: 'a secret' })).toThrow('expires_in is not an amount')
})
