import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endLater } from './end-later.ts'
import type { Client, Reply } from './http-client.ts'

export interface TestApplication {
  origin: string
  name?: string
  groups?: string[]
  users?: string[]
}

export interface AppsFile {
  path: string
  /** Puts another file in its place, as editors do. */
  writeText(text: string): void
}

/** An APPS_FILE in a folder of its own. */
export function writeApps(apps: readonly TestApplication[]): AppsFile {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-apps-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'apps.json')
  function writeText(text: string): void {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  writeText(JSON.stringify(apps))
  return { path, writeText }
}

/**
 * The environment by which a service takes this machine for the applications' proxy. All clients then seem to come from
 * it.
 */
export function behindThisMachine(apps: readonly TestApplication[]): Record<string, string> {
  return { APPS_FILE: writeApps(apps).path, TRUST_PROXY: '127.0.0.1', MATCH: 'never' }
}

/** As a proxy in front of an application says what it was asked for. */
export function forwardedTo(url: string, method = 'GET'): Record<string, string> {
  const { protocol, host, pathname, search } = new URL(url)
  return {
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-host': host,
    'x-forwarded-uri': pathname + search,
    'x-forwarded-method': method,
  }
}

/** An errand that a browser has begun at an application. */
export interface Errand {
  /** `name=value` of the cookie that binds it to that browser. */
  cookie: string
  /** Where it goes on, on ScanIn's own host. */
  enterPath: string
}

const pathOf = (location: string | undefined): string => {
  const { pathname, search } = new URL(location ?? '', 'http://no.where')
  return pathname + search
}

const pairOf = ({ setCookies }: Reply, name: RegExp): string =>
  setCookies.map((line) => line.split(';')[0] ?? '').find((pair) => name.test(pair)) ?? ''

/** @param client anybody, at the service */
export async function beginErrand(client: Client, origin: string, rd = '/'): Promise<Errand> {
  const path = `/.scanin/start?${new URLSearchParams({ rd })}`
  const reply = await client.call('GET', path, { headers: forwardedTo(origin + path), cookie: '' })
  if (reply.status !== 302) throw new Error(`start: ${reply.status} ${reply.text}`)
  return { cookie: pairOf(reply, /scanin_app_start=/), enterPath: pathOf(reply.headers.location) }
}

/** The path of the application's callback, with a code for whoever is signed in by this client's cookie. */
export async function codeFor(client: Client, { enterPath }: Errand): Promise<string> {
  const reply = await client.get(enterPath)
  const path = pathOf(reply.headers.location)
  if (reply.status !== 302 || !path.startsWith('/.scanin/callback?')) {
    throw new Error(`enter: ${reply.status} ${reply.headers.location} ${reply.text}`)
  }
  return path
}

/** Shows a code at an application's host. */
export function showCode(client: Client, origin: string, path: string, cookie: string): Promise<Reply> {
  return client.call('GET', path, { headers: forwardedTo(origin + path), cookie })
}

/** Asks what an application's proxy would ask about this client's next request there, of any instance. */
export type AskAbout = (at?: Client) => Promise<Reply>

/** Enters an application as who is signed in by this client's cookie. @returns its cookie, `name=value` */
export async function entryOf(client: Client, origin: string): Promise<string> {
  const errand = await beginErrand(client, origin)
  const entered = await showCode(client, origin, await codeFor(client, errand), errand.cookie)
  const cookie = pairOf(entered, /scanin_app=/)
  if (cookie === '') throw new Error(`callback: ${entered.status} ${entered.text}`)
  return cookie
}

/** Enters an application as whoever is signed in by this client's cookie. */
export async function enterApplication(client: Client, origin: string): Promise<AskAbout> {
  const cookie = await entryOf(client, origin)
  return (at = client) => at.call('GET', '/auth/verify', { headers: forwardedTo(origin), cookie })
}
