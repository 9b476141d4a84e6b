import { beforeEach, expect, test } from '@jest/globals'
import { createTestPeople, type InjectClient, PUBLIC_URL } from '../../support/app.ts'

let stranger: InjectClient
let phone: InjectClient

beforeEach(async () => {
  ;({ browser: stranger, phone } = await createTestPeople({ RETURN_TO_ORIGINS: 'https://app.example.com' }))
})

test('a proxy is told who is signed in', async () => {
  const reply = await phone.get('/auth/verify')
  expect(reply.statusCode).toBe(200)
  expect(reply.headers).toMatchObject({ 'remote-user': 'demo', 'remote-name': 'Demo Person' })
  expect(reply.headers['cache-control']).toContain('no-store')
})

test('a proxy is told that nobody is, with no word about anyone', async () => {
  const reply = await stranger.get('/auth/verify')
  expect(reply.statusCode).toBe(401)
  expect(Object.keys(reply.headers).filter((name) => name.startsWith('remote-'))).toEqual([])
})

test('a revoked session is refused on the very next request', async () => {
  const cookies = Object.fromEntries(phone.cookies)
  await phone.post('/sign-out')
  expect((await stranger.get('/auth/verify', { cookies })).statusCode).toBe(401)
})

const locationOf = async (query: string, headers: Record<string, string> = {}) => {
  const reply = await stranger.get(`/auth/verify?redirect=1${query}`, { headers })
  expect(reply.statusCode).toBe(302)
  return reply.headers.location
}

test('who is not signed in is sent to the login page, and back to where the request went', async () => {
  const there = 'https://app.example.com/reports?year=2026'
  const expected = `${PUBLIC_URL}/?return_to=${encodeURIComponent(there)}`
  expect(await locationOf(`&return_to=${encodeURIComponent(there)}`)).toBe(expected)
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example.com',
    'x-forwarded-uri': '/reports?year=2026',
  }
  expect(await locationOf('', forwarded)).toBe(expected)
})

test('nobody is sent where it is not allowed', async () => {
  expect(await locationOf('')).toBe(`${PUBLIC_URL}/`)
  expect(await locationOf('&return_to=https://evil.test/')).toBe(`${PUBLIC_URL}/`)
  expect(await locationOf('', { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.test' })).toBe(`${PUBLIC_URL}/`)
  expect(await locationOf('', { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': 'x' })).toBe(`${PUBLIC_URL}/`)
})

test('the way back survives the login', async () => {
  const { token } = (await stranger.post('/login', { return_to: 'https://app.example.com/reports' })).json()
  await phone.post('/login/scan', { token })
  await phone.post('/login/confirm', { token })
  expect((await stranger.get(`/login/status/${token}`)).json().redirect_to).toBe('https://app.example.com/reports')
})
