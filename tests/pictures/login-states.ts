import type { Page } from 'playwright-core'
import { press, type State } from './state.ts'
import { atBrowser, GRAFANA, macSession, no, phoneSession, sessions, started, who, windowsSession } from './wire.ts'

const is = (state: string) => `[data-state="${state}"]`
const at = (status: string, more = {}) => ({ 'GET /login/status/:id': atBrowser(status, more) })
/** The form comes once it is needed. */
const ASKED = '#match-form [type=submit]'
const MATCHING = at('match_required', { tries_left: 5, expires_in: 120 })
const pending = { page: '/', shows: `${is('pending')} #qr` }
/** As whoever sees where to type. */
const typeDigits = (digits: string) => (page: Page) => page.locator('#match-code:focus').pressSequentially(digits)
/** It leaves for where there is nothing, and so stays: whether a page is still drawn while the next is under way is the browser's affair. */
const leaveForNothing = (page: Page) => page.route('**/nothing', (route) => route.fulfill({ status: 204 }))

/** The login page. */
export const loginStates: readonly State[] = [
  { ...pending, name: 'code', inDocuments: true },
  { ...pending, name: 'code-dark', setting: 'dark', inDocuments: true },
  { ...pending, name: 'code-contrast', setting: 'contrast' },
  { ...pending, name: 'code-forced', setting: 'forced' },
  { ...pending, name: 'code-wide', screen: 'wide' },
  { ...pending, name: 'code-on-phone', screen: 'phone' },
  { ...pending, name: 'code-small', screen: 'small' },
  { ...pending, name: 'code-german', setting: 'German' },
  { ...pending, name: 'code-arabic', setting: 'Arabic', inDocuments: true },
  { ...pending, name: 'code-for-application', wire: { 'POST /login': started(GRAFANA) } },
  { ...pending, name: 'code-typed', steps: press('#user-code button'), shows: '#user-code output' },
  {
    ...{ ...pending, name: 'embed', page: '/embed', screen: 'frame' },
    wire: { 'GET /session': no(401, 'authentication_required') },
  },
  { ...pending, name: 'code-low', screen: 'low' },
  { name: 'starting', page: '/', wire: { 'POST /login': 'silent' }, shows: is('starting') },
  {
    name: 'reconnecting',
    page: '/',
    wire: { 'GET /login/status/:id': 'lost' },
    shows: '[data-connection="reconnecting"]',
  },
  { name: 'scanned', page: '/', wire: at('scanned'), shows: is('scanned'), inDocuments: true },
  {
    name: 'digits',
    page: '/',
    wire: MATCHING,
    steps: typeDigits('482'),
    shows: ASKED,
    inDocuments: true,
  },
  { name: 'digits-dark', page: '/', setting: 'dark', wire: MATCHING, shows: ASKED },
  { name: 'digits-small', page: '/', screen: 'small', wire: MATCHING, shows: ASKED },
  {
    ...{ name: 'digits-wrong', page: '/', wire: MATCHING, steps: typeDigits('482913') },
    // What was typed is gone, and may be typed anew.
    shows: '#match-form:has(#match-message:not(:empty)) .digits:focus-within .next:first-child',
  },
  {
    ...{ name: 'digits-used-up', page: '/', steps: typeDigits('482913'), shows: is('tries_used') },
    wire: { ...MATCHING, 'POST /login/match': no(422, 'wrong_match_code', { tries_left: 0 }) },
  },
  { name: 'denied', page: '/', wire: at('denied'), shows: is('denied'), inDocuments: true },
  {
    name: 'expired',
    page: '/',
    wire: { ...at('expired'), 'POST /login': started({ expires_in: 0 }) },
    shows: is('expired'),
  },
  { name: 'no-cookies', page: '/', wire: at('expired'), shows: is('cookies_needed') },
  {
    ...{ name: 'too-many', page: '/', shows: is('start_failed') },
    wire: { 'POST /login': no(429, 'slow_down', { retryAfter: 42 }) },
  },
  {
    name: 'away',
    page: '/',
    wire: { 'POST /login': no(503, 'store_unavailable', { retryAfter: 42 }) },
    shows: is('start_failed'),
  },
  {
    ...{ name: 'signed-in', page: '/', first: leaveForNothing, shows: is('authenticated'), inDocuments: true },
    wire: at('authenticated', { user: { id: 'ada', name: 'Ada Lovelace' }, redirect_to: '/nothing' }),
  },
  { name: 'scriptless', page: '/', setting: 'scriptless', shows: '.no-script' },
]

/** Once the page has sent nobody to the login page, it does not do so again at once. */
const comeFromThere = (page: Page) =>
  page.addInitScript(() => sessionStorage.setItem('scanin.left-home', String(Date.now())))

/** A signed-in browser's own page. */
const home = { page: '/home', shows: '#sessions li' }
const AT_HOME = {
  'GET /session': who('browser'),
  'GET /sessions': sessions(windowsSession({ current: true }), phoneSession({ current: false }), macSession),
}
export const homeStates: readonly State[] = [
  { ...home, name: 'home', wire: AT_HOME, inDocuments: true },
  { ...home, name: 'home-dark', wire: AT_HOME, setting: 'dark' },
  { ...home, name: 'home-on-phone', wire: AT_HOME, screen: 'phone' },
  { ...home, name: 'home-arabic', wire: AT_HOME, setting: 'Arabic' },
  { ...home, name: 'home-question', wire: AT_HOME, steps: press('#sign-out-others'), shows: '#question[open]' },
  { ...home, name: 'home-activity', wire: AT_HOME, steps: press('#activity summary'), shows: '#events li' },
  {
    ...{ ...home, name: 'home-question-forced', setting: 'forced', wire: AT_HOME },
    ...{ steps: press('#sign-out-others'), shows: '#question[open]' },
  },
  {
    ...{ name: 'home-of-nobody', page: '/home', first: comeFromThere, shows: '#sign-in:not([hidden])' },
    wire: { 'GET /session': no(401, 'authentication_required') },
  },
]
