import { expect, test } from '@jest/globals'
import type { Login } from '../../../server/login/login.ts'
import { createWaitingDevices } from '../../../server/oauth/waiting-devices.ts'

test('so many devices are remembered and no more: those that were heard of last', () => {
  const time = { now: 1_000_000 }
  const waiting = createWaitingDevices({
    clock: () => time.now,
    policy: { confirmMs: 120_000, collectMs: 60_000 },
    most: 3,
  })
  const login: Login = {
    status: 'pending',
    createdAt: time.now,
    expiresAt: time.now + 30_000,
    browserKeyHash: 'x',
    qrSecrets: [],
    browser: { name: 'TV', os: 'unknown system' },
    ip: '192.0.2.1',
  }
  for (const code of ['a', 'b', 'c']) waiting.begin(code, login)
  expect(waiting.notePoll('a', login, time.now)).toBe('waiting')
  waiting.begin('d', login)
  expect(waiting.notePoll('a', login, time.now)).toBe('too_fast')
  time.now += 30_000
  expect(['a', 'b', 'c', 'd'].map((code) => waiting.end(code))).toEqual([login, undefined, login, login])
  expect(waiting.end('a')).toBeUndefined()
})
