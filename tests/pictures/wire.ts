import type { Page, Route } from 'playwright-core'
import { qrImage } from '../../server/login/browser/qr-image.ts'

/**
 * What the service would say, made up, so that a state is there at once and looks the same each time: codes, names, times.
 * The pages, their scripts and what these make of a reply are the real ones.
 */

/** Of a request by a script: `silent`: nothing, ever. `lost`: no connection. */
export type Reply = 'silent' | 'lost' | { status?: number; headers?: Record<string, string>; body?: unknown }
/** By method and path, in which tokens and ids are `:id`. */
export type Wire = Readonly<Record<string, Reply>>

/** Where the pages say that they are. */
const PLACE = 'https://login.example.com'
export const TOKEN = 'V1StGXR8_Z5jdHi6.k3PqWz0vB7nRtYxLc9MdFs'
/** Often enough once, and then not again while a picture is taken. */
const PACE = { interval: 60, hold: 0 }
const AT = '2026-09-14T09:30:00Z'
const WINDOWS = { browser: { name: 'Chrome', os: 'Windows' }, ip: '192.168.1.20' }
const MAC = { browser: { name: 'Safari', os: 'macOS' }, ip: '192.168.1.31' }
const LINUX = { browser: { name: 'Firefox', os: 'Linux' }, ip: '203.0.113.7', place: 'Lisbon, Portugal' }
const PHONE = { browser: { name: 'Chrome', os: 'Android' }, ip: '192.168.1.42' }

export const ok = (body: unknown): Reply => ({ body })
export const no = (status: number, code: string, more: Record<string, unknown> = {}): Reply => {
  const { retryAfter, ...fields } = more
  return {
    status,
    body: { type: 'about:blank', title: code, status, code, ...fields },
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter ? { 'retry-after': String(retryAfter) } : {}),
    },
  }
}

export const started = (more: Record<string, unknown> = {}): Reply => ({
  status: 201,
  body: {
    ...{ status: 'pending', token: TOKEN, expires_in: 300, refresh_in: 30, interval: 0.2, hold: 0 },
    verification_uri: `${PLACE}/scan`,
    verification_uri_complete: `${PLACE}/scan#${TOKEN}`,
    qr_image: qrImage(`${PLACE}/scan#${TOKEN}`),
    ...more,
  },
})
export const atBrowser = (status: string, more: Record<string, unknown> = {}): Reply =>
  ok({ status, expires_in: 105, ...PACE, ...more })
/** As long before its end as `scanned` has it. */
export const atPhone = (status: string, more: Record<string, unknown> = {}): Reply =>
  ok({ status, expires_in: 120, ...PACE, ...more })
export const scanned = (more: Record<string, unknown> = {}): Reply =>
  ok({
    ...{ status: 'scanned', token: TOKEN, ...WINDOWS, same_network: true, age: 8, origin: PLACE },
    ...{ match: 'none', expires_in: 120 },
    ...more,
  })
export const ELSEWHERE = { ...LINUX, same_network: false, match: 'code' }
export const GRAFANA = { application: { name: 'Grafana', origin: 'https://grafana.example.com' } }

const session = (id: string, kind: string, minutesAgo: number, more: object) => ({
  ...{ id, kind, created_at: ago(minutesAgo + 90), last_seen_at: ago(minutesAgo), current: false, new: false },
  ...more,
})
export const phoneSession = (more: object = {}) => session('phone-1', 'phone', 0, { ...PHONE, current: true, ...more })
export const windowsSession = (more: object = {}) => session('browser-1', 'browser', 2, { ...WINDOWS, ...more })
export const macSession = session('browser-2', 'browser', 47, { ...MAC, name: 'Studio' })
export const newSession = session('browser-3', 'browser', 300, { ...LINUX, new: true })
export const sessions = (...list: object[]): Reply => ok({ sessions: list })
export const who = (kind: 'phone' | 'browser'): Reply =>
  ok({
    user: { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' },
    session: { id: `${kind}-1`, kind, created_at: ago(90), last_seen_at: AT, expires_in: 43_200 },
  })
const event = (type: string, minutesAgo: number, more: object) => ({
  type,
  created_at: ago(minutesAgo),
  new: false,
  ...more,
})
const events = ok({
  events: [
    event('linked', 90, { ...WINDOWS, by: PHONE, session: 'browser-1' }),
    event('denied', 200, { ...LINUX, by: PHONE }),
    event('passkey_added', 1500, PHONE),
    event('signed_in', 1510, { ...PHONE, session: 'phone-1' }),
  ],
})
export const passkeys = ok({
  passkeys: [{ id: 'passkey-1', name: 'Pixel 10', created_at: ago(1500), last_used_at: ago(60), backed_up: true }],
})

/** Somebody on a phone, signed in, with a login to look at; and a browser with a code. */
const USUAL: Wire = {
  'POST /login': started(),
  'GET /login/status/:id': atBrowser('pending'),
  'POST /login/user-code': {
    status: 201,
    body: { user_code: 'WDJB-MJHT', verification_uri: `${PLACE}/scan`, expires_in: 300 },
  },
  'POST /login/match': no(422, 'wrong_match_code', { tries_left: 4 }),
  'DELETE /login/:id': { status: 204 },
  'POST /login/scan': scanned(),
  'GET /login/scan/:id': atPhone('scanned'),
  'POST /login/confirm': ok({ status: 'authenticated' }),
  'POST /login/deny': ok({ status: 'denied' }),
  'GET /session': who('phone'),
  'GET /sessions': sessions(phoneSession(), windowsSession(), macSession),
  'POST /events/seen': { status: 204 },
  'GET /events': events,
  'GET /passkeys': passkeys,
  'POST /sign-in': no(401, 'invalid_credentials'),
}

/** Answers all that the page's scripts ask. What is not among the replies fails the page. */
export async function answerBy(page: Page, service: string, wire: Wire = {}): Promise<void> {
  const replies = { ...USUAL, ...wire }
  await page.route(`${service}/**`, async (route) => {
    const request = route.request()
    const { pathname } = new URL(request.url())
    if (request.resourceType() !== 'fetch' || pathname.startsWith('/assets/')) return route.fallback()
    const key = `${request.method()} ${pathname.replace(/\/([\w-]{16}\.[\w-]{22}|(?:browser|phone|passkey)-\d+)$/, '/:id')}`
    await answer(route, replies[key] ?? no(404, 'not_found'))
  })
}

async function answer(route: Route, reply: Reply): Promise<void> {
  if (reply === 'silent') return
  if (reply === 'lost') return route.abort()
  const { status = 200, headers = {}, body } = reply
  await route.fulfill({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? '' : JSON.stringify(body),
  })
}

function ago(minutes: number): string {
  return new Date(Date.parse(AT) - minutes * 60_000).toISOString()
}
