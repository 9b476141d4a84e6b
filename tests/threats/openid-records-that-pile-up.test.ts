import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createMemoryStore } from '../../server/store/memory-store.ts'
import { createRecordLimiter } from '../../server/store/record-limiter.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { createInjectClient, createInjectPhone, createTestApp, type InjectClient } from '../support/app.ts'
import { SPA } from '../support/clients-file.ts'
import { eventually } from '../support/eventually.ts'
import { authorizePath, VERIFIER } from '../support/oauth-flow.ts'

/** T17: somebody who is signed in, or a client of theirs, asks for codes and tokens without end. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Of codes, and of tokens, of one session in a minute. */
const MOST_A_MINUTE = 120
/** Sign-ins of one client that a session keeps. */
const MOST_ROWS = 50

let time: { now: number }
let app: FastifyInstance
let ends: Map<string, number>
let phone: InjectClient

async function start(maxBytes?: number): Promise<void> {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([SPA])))
  time = { now: Date.now() }
  const clock = () => time.now
  const store = watched(createMemoryStore({ clock, ...(maxBytes === undefined ? {} : { maxBytes }) }))
  const parts = {
    clients,
    store,
    makeLimiter: (name: string, points: number, durationSeconds: number) =>
      createRecordLimiter({ store, clock, name, points, durationSeconds }),
  }
  ;({ app } = await createTestApp({ CLIENTS_FILE: 'clients.json' }, parts, time))
  phone = await createInjectPhone(app)
}

/** Remembers what is in the store, and until when. */
function watched(inner: RecordStore): RecordStore {
  ends = new Map()
  return {
    ...inner,
    async write(key, value, options) {
      const isWritten = await inner.write(key, value, options)
      if (isWritten) ends.set(key, options.expiresAt)
      return isWritten
    },
    async remove(key, ifVersion) {
      const isRemoved = await inner.remove(key, ifVersion)
      if (isRemoved) ends.delete(key)
      return isRemoved
    },
  }
}

const left = (prefix: string) => [...ends].filter(([key, at]) => key.startsWith(prefix) && at > time.now).length

beforeEach(() => start())
afterEach(() => app.close())

const ask = (client = phone) => client.get(authorizePath(SPA))

const codeIn = ({ headers }: Awaited<ReturnType<typeof ask>>) =>
  new URL(String(headers.location), 'http://scanin.test').searchParams.get('code') ?? ''

function form(fields: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = String(new URLSearchParams({ client_id: SPA.client_id, ...fields }))
  return app.inject({ method: 'POST', url: '/oauth/token', headers, payload })
}

const redeem = (code: string) =>
  form({ grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: SPA.redirect_uris[0] ?? '' })
const refresh = (refresh_token: string) => form({ grant_type: 'refresh_token', refresh_token })

const isSlowedDown = (reply: Awaited<ReturnType<typeof form>>) => {
  expect(reply.statusCode).toBe(429)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.json()).toMatchObject({ code: 'slow_down' })
}

test('T17 who asks for codes without end is told to slow down, and leaves room for everybody else', async () => {
  await app.close()
  await start(600_000)
  for (let minutes = 0; minutes < 6; minutes++) {
    const statuses: number[] = []
    for (let times = 0; times < MOST_A_MINUTE + 5; times++) statuses.push((await ask()).statusCode)
    expect(statuses.filter((status) => status === 303)).toHaveLength(MOST_A_MINUTE)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect((await ask(await createInjectPhone(app))).statusCode).toBe(303)
    expect((await createInjectClient(app).post('/login')).statusCode).toBe(201)
    time.now += MINUTE
  }
  isSlowedDown(await overTheLimit(() => ask()))
})

test('T17 a code that nobody redeems leaves nothing once it is over', async () => {
  await ask()
  expect(left('oauth:')).toBe(2)
  time.now += 2 * MINUTE
  expect(left('oauth:')).toBe(0)
})

test('T17 however often a token is refreshed, one of it is kept, and any earlier one is known when it is shown again', async () => {
  const first = (await redeem(codeIn(await ask()))).json()
  const tokens: string[] = [first.refresh_token]
  for (let times = 0; times < 30; times++) {
    const { refresh_token } = (await refresh(tokens.at(-1) ?? '')).json()
    tokens.push(refresh_token)
  }
  expect(new Set(tokens).size).toBe(31)
  time.now += 2 * HOUR
  expect([left('oauth:RefreshToken:'), left('oauth:Grant:'), left('oauth:AccessToken:')]).toEqual([1, 1, 0])
  const stolen = tokens[5] ?? ''
  expect((await refresh(stolen)).json()).toMatchObject({ error: 'invalid_grant' })
  expect((await refresh(tokens.at(-1) ?? '')).json()).toMatchObject({ error: 'invalid_grant' })
  // A minute later even the mark is gone that it was revoked.
  time.now += MINUTE
  expect(left('oauth:Grant:')).toBe(0)
})

test('T17 who refreshes without end is told to slow down, and the token is good a minute later', async () => {
  let token = (await redeem(codeIn(await ask()))).json().refresh_token
  for (let times = 1; times < MOST_A_MINUTE; times++) token = (await refresh(token)).json().refresh_token
  isSlowedDown(await refresh(token))
  isSlowedDown(await refresh(token))
  time.now += MINUTE
  expect((await refresh(token)).statusCode).toBe(200)
})

test('T17 a session keeps the newest sign-ins of a client, and none once it has ended', async () => {
  const tokens: string[] = []
  for (let times = 0; times < MOST_ROWS + 5; times++) {
    tokens.push((await redeem(codeIn(await ask()))).json().refresh_token)
  }
  time.now += 2 * HOUR
  expect([left('oauth:RefreshToken:'), left('oauth:Grant:')]).toEqual([MOST_ROWS, MOST_ROWS])
  expect((await refresh(tokens[4] ?? '')).json()).toMatchObject({ error: 'invalid_grant' })
  expect((await refresh(tokens[5] ?? '')).statusCode).toBe(200)
  await phone.post('/sign-out')
  await eventually('what was of the session is gone', async () => left('oauth:RefreshToken:') === 0)
  time.now += 2 * HOUR
  expect(left('oauth:')).toBe(0)
})

async function overTheLimit<Reply extends { statusCode: number }>(call: () => Promise<Reply>): Promise<Reply> {
  for (let times = 0; times < MOST_A_MINUTE; times++) await call()
  return call()
}
