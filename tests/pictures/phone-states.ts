import type { Page } from 'playwright-core'
import { press, type State } from './state.ts'
import {
  atPhone,
  ELSEWHERE,
  GRAFANA,
  newSession,
  no,
  ok,
  passkeys,
  phoneSession,
  scanned,
  sessions,
  TOKEN,
  windowsSession,
} from './wire.ts'

const phone = { page: '/scan', screen: 'phone' } as const
const asked = { ...phone, page: `/scan#${TOKEN}`, shows: '#request:not([hidden])' } as const
const STRANGER = { 'GET /session': no(401, 'authentication_required') }
const decided = { ...asked, steps: press('#confirm') }
/** Devices and passkeys come late, each by itself. */
const SETTLED = 'main:has(#sessions li):has(#passkeys li)'
const shown = (part: string) => `${part}:not([hidden])`

async function signIn(page: Page): Promise<void> {
  await page.locator('#username').fill('ada')
  await page.locator('#password').fill('wrong')
  await page.locator('#sign-in-form [type=submit]').click()
}

async function typeCode(page: Page): Promise<void> {
  await page.locator('#user-code').fill('WDJB-MJHT')
  await page.locator('#user-code-form [type=submit]').click()
}

/** A camera that sees a wall. */
function wallForCamera(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 720, height: 1280 })
      const draw = canvas.getContext('2d')
      if (draw === null) throw new Error('there is no canvas')
      const light = draw.createLinearGradient(0, 0, 720, 1280)
      light.addColorStop(0, '#8d8f92')
      light.addColorStop(1, '#5f6266')
      const paint = () => {
        draw.fillStyle = light
        draw.fillRect(0, 0, 720, 1280)
        requestAnimationFrame(paint)
      }
      paint()
      return canvas.captureStream(10)
    }
  })
}

function noCamera(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('', 'NotAllowedError')
    }
    // Refused for good, and not put aside.
    const { permissions } = navigator
    const query = permissions.query.bind(permissions)
    permissions.query = async (asked) => Object.defineProperty(await query(asked), 'state', { value: 'denied' })
  })
}

/** The phone's page. */
export const phoneStates: readonly State[] = [
  { ...phone, name: 'phone-loading', wire: { 'GET /session': 'silent' }, shows: shown('#loading') },
  { ...phone, name: 'phone-away', wire: { 'GET /session': 'lost' }, shows: '#status:not(:empty)' },
  { ...phone, name: 'phone-sign-in', wire: STRANGER, shows: shown('#sign-in'), inDocuments: true },
  { ...phone, name: 'phone-sign-in-dark', wire: STRANGER, setting: 'dark', shows: shown('#sign-in') },
  { ...phone, name: 'phone-sign-in-wrong', wire: STRANGER, steps: signIn, shows: '#sign-in-message:not(:empty)' },
  { ...phone, name: 'phone-chooser', shows: SETTLED, inDocuments: true },
  { ...phone, name: 'phone-chooser-forced', setting: 'forced', shows: SETTLED },
  { ...phone, name: 'phone-chooser-arabic', setting: 'Arabic', shows: SETTLED },
  { ...phone, name: 'phone-chooser-small', screen: 'small', shows: SETTLED },
  {
    ...{ ...phone, name: 'phone-code-unknown', steps: typeCode, shows: `${SETTLED} #chooser-message:not(:empty)` },
    wire: { 'POST /login/scan': no(404, 'expired_token') },
  },
  {
    ...phone,
    name: 'phone-camera',
    first: wallForCamera,
    steps: press('#camera-start'),
    shows: `${SETTLED} .viewfinder[data-state="looking"]`,
  },
  {
    ...phone,
    name: 'phone-camera-refused',
    first: noCamera,
    steps: press('#camera-start'),
    shows: `${SETTLED} ${shown('#camera-help')}`,
  },
  { ...asked, name: 'phone-request', inDocuments: true },
  { ...asked, name: 'phone-request-dark', setting: 'dark', inDocuments: true },
  { ...asked, name: 'phone-request-forced', setting: 'forced' },
  { ...asked, name: 'phone-request-contrast', setting: 'contrast' },
  { ...asked, name: 'phone-request-low', screen: 'low' },
  { ...asked, name: 'phone-request-small', screen: 'small' },
  { ...asked, name: 'phone-request-arabic', setting: 'Arabic' },
  { ...asked, name: 'phone-request-elsewhere', wire: { 'POST /login/scan': scanned(ELSEWHERE) }, inDocuments: true },
  {
    ...{ ...asked, name: 'phone-request-for-application' },
    wire: { 'POST /login/scan': scanned({ application: { ...GRAFANA.application, scopes: ['profile', 'email'] } }) },
  },
  {
    ...{ ...asked, name: 'phone-request-by-passkey', shows: shown('.request-passkey') },
    wire: { 'POST /login/scan': scanned({ confirm: 'passkey' }), 'GET /passkeys': passkeys },
  },
  {
    ...asked,
    name: 'phone-request-away',
    wire: { 'GET /login/scan/:id': 'lost' },
    shows: 'main:has(#request:not([hidden])) #status:not(:empty)',
  },
  {
    ...{ ...decided, name: 'phone-match', shows: shown('#match-code'), inDocuments: true },
    wire: {
      'POST /login/scan': scanned(ELSEWHERE),
      'POST /login/confirm': ok({ status: 'match_required', match_code: '482913', expires_in: 120 }),
      'GET /login/scan/:id': atPhone('match_required'),
    },
  },
  {
    ...{ ...decided, name: 'phone-waiting', shows: '[data-result="waiting"]' },
    wire: { 'GET /login/scan/:id': 'silent' },
  },
  {
    ...{ ...asked, name: 'phone-done', shows: `${SETTLED} #result[data-result="done"]`, inDocuments: true },
    wire: { 'GET /login/scan/:id': atPhone('authenticated', { collected: true }) },
  },
  { ...asked, name: 'phone-denied', steps: press('#deny'), shows: `${SETTLED} .not-you`, inDocuments: true },
  {
    ...asked,
    name: 'phone-expired',
    wire: { 'GET /login/scan/:id': atPhone('expired') },
    shows: `${SETTLED} [data-result="ended"]`,
  },
  {
    ...{ ...phone, name: 'phone-new-link', shows: `${SETTLED} #new-links li`, inDocuments: true },
    wire: { 'GET /sessions': sessions(phoneSession(), windowsSession(), newSession) },
  },
]
