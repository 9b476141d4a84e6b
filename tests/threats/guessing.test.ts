import { expect, test } from '@jest/globals'
import { onEveryStore, type Stage } from '../support/every-store.ts'
import { createClient, type Reply } from '../support/http-client.ts'
import { jsonPost, sendPiped } from '../support/raw-socket.ts'
import { browserKeyOf, expectExpired, expectProblem, loginIdOf } from './seen.ts'

/** T5: nothing about a login can be guessed, and nothing about it can be chosen by a client. */

const TOKENS = 10_000
const CONNECTIONS = 20
const LOGINS_A_CONNECTION = 10
const ALPHABET = 64

const SETTINGS = { POLL_HOLD_SECONDS: '0', LOGIN_SECONDS: '600' }

const drawn = (stage: Stage) => {
  test('T5 ten thousand tokens repeat nothing and share no prefix, and their secrets have over 128 bits', async () => {
    const { tokens, keys } = await manyLogins(stage.service().url)
    expect([tokens.length, keys.length]).toEqual([TOKENS, TOKENS])
    expect(tokens.filter((token) => !/^[\w-]{16}\.[\w-]{22}$/.test(token))).toEqual([])
    const ids = tokens.map(loginIdOf)
    const secrets = tokens.map((token) => token.slice(17))

    for (const values of [tokens, ids, secrets, keys]) expect(new Set(values).size).toBe(TOKENS)
    // Of 10,000 values drawn by chance, two with the first 9 characters (54 bits) in common are a one in 10^8 event.
    for (const values of [ids, secrets, keys]) {
      expect(new Set(values.map((value) => value.slice(0, 9))).size).toBe(TOKENS)
      expect(new Set(values.map((value) => value.slice(-9))).size).toBe(TOKENS)
    }
    expect(bitsOf(secrets)).toBeGreaterThan(128)
    expect(bitsOf(keys)).toBeGreaterThan(192)
    // No secret's beginning is part of the key beside it.
    expect(secrets.filter((secret, at) => keys[at]?.includes(secret.slice(0, 6)))).toEqual([])
  })
}
// The store plays no part in it, and ten thousand logins take long: one store is enough.
onEveryStore(SETTINGS, drawn, ['redis'])

onEveryStore(SETTINGS, (stage) => {
  test('T5 ids, cookies and keys that a client brings along are never adopted', async () => {
    const chosen = `${'a'.repeat(16)}.${'b'.repeat(22)}`
    const key = 'k'.repeat(43)
    const client = stage.browser()
    const cookie = `scanin_${loginIdOf(chosen)}=${key}; scanin_session=${key}; scanin_=${key}`
    const headers = { 'x-request-id': chosen, 'x-login-id': loginIdOf(chosen), authorization: `Bearer ${key}` }
    const reply = await client.post('/login', { token: chosen }, { cookie, headers })

    expect(reply.status).toBe(201)
    expect(loginIdOf(reply.json.token)).not.toBe(loginIdOf(chosen))
    expect(reply.json.token).not.toContain('bbbb')
    expect(reply.setCookies).toHaveLength(1)
    expect(reply.setCookies[0]).toMatch(new RegExp(`^scanin_${loginIdOf(reply.json.token)}=[\\w-]{43};`))
    expect(reply.setCookies[0]).not.toContain(key)
    expectExpired(await client.get(`/login/status/${chosen}`, { cookie }))
    expectProblem(await client.get('/session', { cookie }), 401, 'authentication_required')
  })

  test.each([
    { id: 'aaaaaaaaaaaaaaaa' },
    { login_id: 'aaaaaaaaaaaaaaaa' },
    { browser_key: 'k'.repeat(43) },
    { session: 'k'.repeat(43) },
    { status: 'authenticated' },
    { user: { id: 'demo' } },
  ])('T5 a login cannot be started with %j', async (body) => {
    const reply = await stage.browser().post('/login', body)
    expectProblem(reply, 400, 'invalid_request')
  })

  test("T5 a second person who is given another one's token and cookie name gets a login of their own", async () => {
    const [one, other] = [stage.browser(), stage.browser()]
    const { token } = (await one.post('/login')).json
    const stolen = `scanin_${loginIdOf(token)}=${'A'.repeat(43)}`
    const reply = await other.post('/login', { token }, { cookie: stolen })
    expect(loginIdOf(reply.json.token)).not.toBe(loginIdOf(token))
    expect(reply.setCookies.join()).not.toContain(browserKeyOf(one, token))
    expect((await one.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T5 a phone that tries codes is made to pause, and then not even the right code is looked up', async () => {
    const phone = await stage.phone()
    const guesses = Array.from({ length: 12 }, (_, at) => `BCDF-GHJ${'BCDFGHJKLMNP'[at]}`)
    const replies: Reply[] = []
    for (const user_code of guesses) replies.push(await phone.post('/login/scan', { user_code }))
    expect(replies.slice(0, 10).map(({ status }) => status)).toEqual(Array(10).fill(404))
    for (const reply of replies.slice(10)) expectProblem(reply, 429, 'slow_down')
    expect(Number(replies.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)

    const browser = stage.browser()
    const { token } = (await browser.post('/login')).json
    const { user_code } = (await browser.post('/login/user-code', { token })).json
    expectProblem(await phone.post('/login/scan', { user_code }), 429, 'slow_down')
    expectProblem(await phone.post('/login/scan', { token }), 429, 'slow_down')
    // Nor does signing in again help: it is the person who is counted.
    expectProblem(await (await stage.phone()).post('/login/scan', { user_code }), 429, 'slow_down')
    expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
  })

  test('T5 a hundred guesses at once count one by one', async () => {
    const other = await stage.startAnother({ ...freshStore(stage.kind) })
    const phone = createClient(other.url)
    await phone.post('/sign-in', { username: 'demo', password: 'correct horse battery staple' })
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => phone.post('/login/scan', { token: `${'g'.repeat(16)}.${'h'.repeat(22)}` })),
    )
    expect(replies.filter(({ status }) => status === 404)).toHaveLength(10)
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(90)
  })
})

/** Another key prefix on Redis, where no wrong codes are counted yet. */
function freshStore(kind: string): Record<string, string> {
  return kind === 'redis' ? { KEY_PREFIX: 'another:' } : {}
}

/** Piped over few connections: the tokens matter, not how they are asked for. */
async function manyLogins(url: string): Promise<{ tokens: string[]; keys: string[] }> {
  const asked = Array.from({ length: LOGINS_A_CONNECTION }, (_, at) =>
    jsonPost(url, '/login', '{}', { isLast: at === LOGINS_A_CONNECTION - 1 }),
  )
  const port = Number(new URL(url).port)
  const replies: string[] = []
  // In rounds: a request that waits behind thousands takes too long to arrive.
  for (let round = 0; round < TOKENS / (CONNECTIONS * LOGINS_A_CONNECTION); round++) {
    replies.push(...(await Promise.all(Array.from({ length: CONNECTIONS }, () => sendPiped(port, asked)))))
  }
  const text = replies.join('')
  return {
    tokens: [...text.matchAll(/"token":"([^"]+)"/g)].map(([, token = '']) => token),
    keys: [...text.matchAll(/set-cookie: scanin_[\w-]{16}=([^;]+);/gi)].map(([, key = '']) => key),
  }
}

/**
 * Bits of chance in values of one length, by how often each character stands at each place. Every place has to use the
 * whole alphabet evenly; by chance alone none is off by six standard deviations.
 */
function bitsOf(values: string[]): number {
  const [first = ''] = values
  const mean = values.length / ALPHABET
  const most = 6.5 * Math.sqrt(mean)
  let bits = 0
  for (let place = 0; place < first.length; place++) {
    const counts = new Map<string, number>()
    for (const value of values) counts.set(value[place] ?? '', (counts.get(value[place] ?? '') ?? 0) + 1)
    const isEven = counts.size === ALPHABET && [...counts.values()].every((count) => Math.abs(count - mean) < most)
    if (isEven) bits += Math.log2(ALPHABET)
  }
  return bits
}
