import { expect, test } from '@jest/globals'
import { ERROR_CODES } from '../../server/http/problems.ts'
import type { ProblemCode } from '../../web/src/wire/api-error.ts'
import { decodeEvents } from '../../web/src/wire/event-protocol.ts'
import {
  decodeBrowserReply,
  decodeConfirm,
  decodeLogin,
  decodePhoneReply,
  decodeScan,
  decodeUserCode,
} from '../../web/src/wire/protocol.ts'
import { decodeRevoked, decodeSession, decodeSessions } from '../../web/src/wire/session-protocol.ts'
import { createInjectClient, createTestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/service.ts'

test('the pages know every code that the server has by its name, and no other', () => {
  // The compiler holds the list to the type.
  const known = {
    invalid_request: true,
    authentication_required: true,
    invalid_credentials: true,
    cross_site_request: true,
    not_allowed: true,
    unknown_application: true,
    passkey_required: true,
    recent_sign_in_required: true,
    not_found: true,
    expired_token: true,
    request_timeout: true,
    already_scanned: true,
    not_scanned: true,
    too_many_passkeys: true,
    payload_too_large: true,
    unsupported_media_type: true,
    wrong_match_code: true,
    passkey_refused: true,
    slow_down: true,
    headers_too_large: true,
    overloaded: true,
    stopping: true,
    store_unavailable: true,
    identity_provider_unavailable: true,
    internal_error: true,
  } satisfies Record<ProblemCode, true>
  expect(Object.keys(known).sort()).toEqual([...ERROR_CODES].sort())
})

test('the page understands every reply of a whole login, a match included', async () => {
  const { app } = await createTestApp({ MATCH: 'always' })
  const browser = createInjectClient(app)
  const phone = createInjectClient(app)
  await phone.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })

  const { token } = decodeLogin((await browser.post('/login')).json())
  const status = async () => decodeBrowserReply((await browser.get(`/login/status/${token}`)).json())
  const phoneStatus = async () => decodePhoneReply((await phone.get(`/login/scan/${token}`)).json())
  expect(await status()).toMatchObject({ status: 'pending', intervalSeconds: 2, holdSeconds: 2 })
  const { userCode } = decodeUserCode((await browser.post('/login/user-code', { token })).json())
  expect(userCode).toMatch(/^\w{4}-\w{4}$/)

  expect(decodeScan((await phone.post('/login/scan', { token })).json())).toMatchObject({ token, match: 'code' })
  expect(await status()).toMatchObject({ status: 'scanned' })
  const confirmed = decodeConfirm((await phone.post('/login/confirm', { token })).json())
  if (confirmed.status !== 'match_required') throw new Error('no match was asked for')
  expect(await status()).toMatchObject({ status: 'match_required', triesLeft: 5 })
  const matched = await browser.post('/login/match', { token, match_code: confirmed.matchCode })
  expect(decodeBrowserReply(matched.json())).toMatchObject({ status: 'authenticated', redirectTo: '/home' })
  expect(await phoneStatus()).toMatchObject({ status: 'authenticated', collected: true })

  expect(decodeSession((await browser.get('/session')).json())).toMatchObject({ session: { kind: 'browser' } })
  expect(decodeSessions((await phone.get('/sessions')).json())).toHaveLength(2)
  expect(
    decodeEvents((await phone.get('/events')).json()).every(({ type }) => type === 'linked' || type === 'signed_in'),
  ).toBe(true)
  expect(decodeRevoked((await phone.delete('/sessions')).json())).toBe(1)
  expect(decodeBrowserReply((await createInjectClient(app).get(`/login/status/${token}`)).json())).toEqual({
    status: 'expired',
  })
})
