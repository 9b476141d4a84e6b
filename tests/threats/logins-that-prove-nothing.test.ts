import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import { createInjectClient, createTestApp, type InjectClient, PUBLIC_URL, type TestApp } from '../support/app.ts'
import { SPA } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { authorizePath, VERIFIER } from '../support/oauth-flow.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'

/** T31, T32: who comes back from the team's provider signed in there already has proved nothing by it. */

let team: TeamProvider
let testApp: TestApp
let phone: InjectClient
/** A browser's cookies at the provider. */
let there: Map<string, string>

/** @param client what the provider does for its client */
async function start(client: Record<string, unknown> = {}): Promise<void> {
  team = await startTeamProvider({ publicUrl: PUBLIC_URL, keepsLogouts: true, client })
  team.people.set('u-1', { name: 'Ada Lovelace' })
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([SPA])))
  const clock = () => Date.now()
  const parts = { clients, clock, store: createMemoryStore({ clock }) }
  const env = { ...team.env, CLIENTS_FILE: 'clients.json', TOKEN_AUDIENCES: 'https://api.example.org' }
  testApp = await createTestApp(env, parts)
  phone = createInjectClient(testApp.app)
  there = new Map()
}

beforeEach(() => start({ require_auth_time: true }))
afterEach(stop)

async function stop(): Promise<void> {
  await testApp.app.close()
  await team.stop()
}

const pathOf = ({ pathname, search }: URL) => pathname + search

/** To the provider and back. @returns where that leads */
async function signIn(how: { return_to?: string; again?: boolean } = {}): Promise<string> {
  const begun = await phone.post('/sign-in/oidc', { return_to: '/scan', ...how })
  const back = await phone.get(pathOf(await team.visit(begun.json().location, 'u-1', there)))
  expect(back.statusCode).toBe(302)
  return String(back.headers.location)
}

async function ask(path: string): Promise<URL> {
  return new URL(String((await phone.get(path)).headers.location), PUBLIC_URL)
}

/** Where the login page leads back to, for who is to sign in anew. */
function askedAnew(to: URL): string {
  expect([to.origin, to.pathname, to.searchParams.get('prompt')]).toEqual([PUBLIC_URL, '/', 'login'])
  return to.searchParams.get('return_to') ?? ''
}

async function claimsFor({ searchParams }: URL) {
  const fields = {
    grant_type: 'authorization_code',
    client_id: SPA.client_id,
    code: searchParams.get('code') ?? '',
    code_verifier: VERIFIER,
    redirect_uri: SPA.redirect_uris[0] ?? '',
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = String(new URLSearchParams(fields))
  const reply = await testApp.app.inject({ method: 'POST', url: '/oauth/token', headers, payload })
  return decodeJwt(reply.json().id_token)
}

async function backEndClaims() {
  return decodeJwt((await phone.post('/session/token')).json().access_token)
}

test('T31 a silent way through the provider is no new login, and one on which it asks is: prompt=login', async () => {
  await signIn()
  const first = await claimsFor(await ask(authorizePath(SPA)))
  await eventually('the login there is seconds old', async () => {
    return (await ask(authorizePath(SPA, { max_age: '3' }))).pathname === '/'
  })
  const request = askedAnew(await ask(authorizePath(SPA, { prompt: 'login' })))
  askedAnew(await ask(await signIn({ return_to: request })))
  // The provider tells of the sign-in that was there before.
  expect((await claimsFor(await ask(authorizePath(SPA))))['auth_time']).toBeLessThanOrEqual(
    Number(first['auth_time']) + 1,
  )
  expect((await backEndClaims())['auth_time']).toBeLessThanOrEqual(Number(first['auth_time']) + 1)

  const answered = await ask(await signIn({ return_to: request, again: true }))
  expect(answered.searchParams.get('code')).toBeTruthy()
  expect(Number((await claimsFor(answered))['auth_time'])).toBeGreaterThan(Number(first['auth_time']) + 1)
})

test('T31 max_age is that of the login at the provider, whenever somebody came from there', async () => {
  await signIn()
  const young = { max_age: '3' }
  await eventually('the login there is seconds old', async () => {
    await signIn()
    return (await ask(authorizePath(SPA, young))).pathname === '/'
  })
  const request = askedAnew(await ask(authorizePath(SPA, young)))
  askedAnew(await ask(await signIn({ return_to: request })))
  expect((await ask(authorizePath(SPA, { max_age: '3600' }))).searchParams.get('code')).toBeTruthy()
  const answered = await ask(await signIn({ return_to: authorizePath(SPA, { max_age: '60' }), again: true }))
  expect(answered.searchParams.get('code')).toBeTruthy()
})

test('T31 where the provider does not say when somebody signed in, that is no time at all: 0, and too long ago for any max_age', async () => {
  await stop()
  await start()
  await signIn()
  expect((await claimsFor(await ask(authorizePath(SPA))))['auth_time']).toBe(0)
  expect((await backEndClaims())['auth_time']).toBe(0)
  const request = askedAnew(await ask(authorizePath(SPA, { max_age: '86400' })))
  askedAnew(await ask(await signIn({ return_to: request })))
  // If the provider is asked to sign them in anew, it has to tell when (OpenID Connect Core §3.1.2.1).
  expect((await ask(await signIn({ return_to: request, again: true }))).searchParams.get('code')).toBeTruthy()
})
