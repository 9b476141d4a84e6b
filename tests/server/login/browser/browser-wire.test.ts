import { expect, test } from '@jest/globals'
import type { BrowserStatus } from '../../../../server/login/browser/browser-logins.ts'
import { statusOnWire } from '../../../../server/login/browser/browser-wire.ts'

const PACE = { interval: 2, hold: 25 }
const STATUSES: BrowserStatus[] = [
  { status: 'pending', expiresIn: 299 },
  { status: 'scanned', expiresIn: 1 },
  { status: 'denied', expiresIn: 60 },
  { status: 'match_required', expiresIn: 119, triesLeft: 5 },
  {
    status: 'authenticated',
    expiresIn: 10,
    user: { id: 'u1', name: 'Zoë "Z" Ünal', groups: ['all'], source: 'jwt', credential: 'nobody`s business' },
    session: {
      id: 'public',
      session: {
        user: { id: 'u1', name: 'an older name', source: 'jwt', credential: 'nobody`s business' },
        ...{ kind: 'browser', browser: { name: 'Firefox', os: 'Linux' }, ip: '192.0.2.1', handedOverBy: 'a login' },
        ...{ createdAt: 1_800_000_000_000, lastSeenAt: 1_800_000_000_000, endsAt: 1_800_000_060_000 },
      },
    },
    at: 1_800_000_001_000,
    redirectTo: '/home',
    sessionSecret: 'never in a body',
    sessionMaxAge: 43_200,
  },
  { status: 'expired' },
]

test('who signs in is told what `/session` tells, and nothing more', () => {
  const [status] = STATUSES.filter((each) => each.status === 'authenticated')
  expect(status && statusOnWire(status, PACE)).toEqual({
    status: 'authenticated',
    expires_in: 10,
    ...PACE,
    user: { id: 'u1', name: 'Zoë "Z" Ünal', groups: ['all'] },
    session: {
      id: 'public',
      kind: 'browser',
      created_at: '2027-01-15T08:00:00.000Z',
      last_seen_at: '2027-01-15T08:00:00.000Z',
      expires_in: 59,
    },
    redirect_to: '/home',
  })
})
