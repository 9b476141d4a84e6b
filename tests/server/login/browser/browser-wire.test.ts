import { expect, test } from '@jest/globals'
import type { BrowserStatus } from '../../../../server/login/browser/browser-polls.ts'
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
    user: { id: 'u1', name: 'Zoë "Z" Ünal', groups: ['all'] },
    phone: { id: 'p1', user: { id: 'u1', name: 'Zoë "Z" Ünal' } },
    redirectTo: '/home',
    sessionSecret: 'never in a body',
    sessionMaxAge: 43_200,
  },
  { status: 'expired' },
]

test('who signs in is told their own id and name, and nothing more', () => {
  const [status] = STATUSES.filter((each) => each.status === 'authenticated')
  expect(status && statusOnWire(status, PACE)).toEqual({
    status: 'authenticated',
    expires_in: 10,
    ...PACE,
    user: { id: 'u1', name: 'Zoë "Z" Ünal' },
    redirect_to: '/home',
  })
})
