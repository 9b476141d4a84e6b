import { createHash } from 'node:crypto'
import type { Client, Reply } from './http-client.ts'
import { approve } from './login-flow.ts'

/** Steps of OpenID Connect, by hand: for what no well-behaved client does. */

export const VERIFIER = 'a-code-verifier-of-more-than-43-characters-as-rfc-7636-wants'
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

export interface Application {
  client_id: string
  redirect_uris: readonly string[]
  client_secret?: string
}

/** A good request for a code, but for what is said otherwise. One that is `undefined` is left out. */
export function authorizePath(
  { client_id, redirect_uris }: Application,
  others: Record<string, string | undefined> = {},
): string {
  const params = {
    client_id,
    redirect_uri: redirect_uris[0],
    response_type: 'code',
    scope: 'openid profile email groups',
    state: 'state-of-the-application',
    nonce: 'nonce-of-the-application',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...others,
  }
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `/oauth/authorize?${new URLSearchParams(given)}`
}

/** Where a reply sends the browser. */
export function sentTo({ status, headers, text }: Reply): URL {
  const { location } = headers
  if (location === undefined) throw new Error(`not sent anywhere: ${status} ${text}`)
  return new URL(location, 'http://scanin.invalid')
}

/** What the application is told, in the address that the browser comes back to it by. */
export function answerIn(reply: Reply): Record<string, string> {
  return Object.fromEntries(sentTo(reply).searchParams)
}

/** A browser's way from an application through the login page and back. @returns the reply that leads back */
export async function authorize(browser: Client, phone: Client, path: string): Promise<Reply> {
  const first = await browser.get(path)
  const to = sentTo(first)
  if (to.hostname !== 'scanin.invalid') return first
  const returnTo = to.searchParams.get('return_to')
  const { json } = await browser.post('/login', { return_to: returnTo })
  await approve(phone, json.token)
  const status = await browser.get(`/login/status/${json.token}`)
  if (status.json?.status !== 'authenticated') throw new Error(`collect: ${status.status} ${status.text}`)
  return browser.get(status.json.redirect_to)
}

export async function codeFor(browser: Client, phone: Client, application: Application): Promise<string> {
  const { code, error } = answerIn(await authorize(browser, phone, authorizePath(application)))
  if (code === undefined) throw new Error(`no code: ${error}`)
  return code
}

/** Calls an endpoint as a program does: a form, no cookie, no origin. */
export function form(client: Client, path: string, fields: Record<string, string>, headers = {}): Promise<Reply> {
  const raw = String(new URLSearchParams(fields))
  const own = { origin: undefined, 'content-type': 'application/x-www-form-urlencoded' }
  return client.call('POST', path, { raw, cookie: '', headers: { ...own, ...headers } })
}

const credentials = ({ client_id, client_secret }: Application) =>
  client_secret === undefined ? { client_id } : { client_id, client_secret }

export function exchange(client: Client, application: Application, code: string, others = {}): Promise<Reply> {
  return form(client, '/oauth/token', {
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    redirect_uri: application.redirect_uris[0] ?? '',
    ...credentials(application),
    ...others,
  })
}

export function refresh(client: Client, application: Application, token: string): Promise<Reply> {
  return form(client, '/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: token,
    ...credentials(application),
  })
}

export function userinfo(client: Client, token: string): Promise<Reply> {
  return client.get('/oauth/userinfo', { cookie: '', headers: { authorization: `Bearer ${token}` } })
}

export async function isActive(client: Client, application: Application, token: string): Promise<boolean> {
  const reply = await form(client, '/oauth/introspect', { token, ...credentials(application) })
  return reply.json.active
}
