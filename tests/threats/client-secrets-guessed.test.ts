import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type ClientsFile, TV, WEB, writeClients } from '../support/clients-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient, type Reply } from '../support/http-client.ts'
import { form } from '../support/oauth-flow.ts'

/** T31: somebody guesses the secrets of applications (RFC 6749 §2.3.1), or keeps an application out by guessing. */

const OTHER = { ...WEB, client_id: 'other', client_secret: 'another-secret-than-that-one' }
const GUESSED = { ...WEB, client_id: 'guessed', client_secret: 'a-third-secret-than-those-two' }
const WRONG = 'a-guess-of-good-length'
const PER_ADDRESS = 20
const PER_CLIENT = 40

let clients: ClientsFile
beforeAll(() => {
  clients = writeClients([WEB, OTHER, GUESSED, TV])
})
afterAll(() => clients?.remove())

interface Guess {
  at?: string
  from: string
  client_id?: string
  secret?: string
  isBasic?: boolean
}

/** Shows a secret, as a program does. */
function show(client: Client, guess: Guess): Promise<Reply> {
  const { at = '/oauth/introspect', from, client_id = WEB.client_id, secret = WRONG, isBasic = false } = guess
  const basic = `Basic ${Buffer.from(`${client_id}:${secret}`).toString('base64')}`
  const own = isBasic ? {} : { client_id, client_secret: secret }
  const headers = { 'x-forwarded-for': from, ...(isBasic ? { authorization: basic } : {}) }
  return form(client, at, { token: 'x', grant_type: 'refresh_token', refresh_token: 'x', ...own }, headers)
}

function expectWrong(reply: Reply): void {
  expect([reply.status, reply.json]).toEqual([401, { error: 'invalid_client', error_description: expect.any(String) }])
}

function expectSlowedDown({ status, json, headers }: Reply): void {
  expect([status, json]).toEqual([429, { error: 'invalid_client', error_description: expect.any(String) }])
  expect(headers['content-type']).toMatch(/^application\/json/)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(headers['www-authenticate']).toBeUndefined()
}

async function expectTaken(client: Client, from: string): Promise<void> {
  for (const isBasic of [false, true]) {
    const { status, json } = await show(client, { from, secret: WEB.client_secret, isBasic })
    expect([status, json]).toEqual([200, { active: false }])
  }
}

onEveryStore(
  () => ({ TRUST_PROXY: '127.0.0.1', CLIENTS_FILE: clients.path, RATE_LOGINS_PER_MINUTE: '2' }),
  (stage) => {
    test('T31 wrong secrets from one address are told to slow down, wherever they are shown, and the right one is taken', async () => {
      const program = stage.browser()
      const from = '198.51.100.1'
      const paths = ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/device_authorization']
      const guesses = Array.from({ length: PER_ADDRESS }, (_, turn) => ({
        at: paths[turn % 4] as string,
        isBasic: turn % 8 < 4,
        client_id: turn % 3 === 0 ? 'nobody' : turn % 3 === 1 ? 'web' : 'other',
      }))
      for (const guess of guesses) expectWrong(await show(program, { from, ...guess }))
      for (const guess of guesses) expectSlowedDown(await show(program, { from, ...guess }))
      await expectTaken(program, from)
      // Wrong secrets use up nothing of what browsers at that address may do.
      const here = { headers: { 'x-forwarded-for': from } }
      for (let times = 0; times < 2; times++) expect((await program.post('/login', {}, here)).status).toBe(201)
      expectWrong(await show(program, { from: '198.51.100.2', client_id: 'other' }))
      if (stage.kind === 'redis') {
        const another = createClient((await stage.startAnother()).url)
        expectSlowedDown(await show(another, { from }))
        await expectTaken(another, from)
      }
    })

    test('T31 wrong secrets of one client from many places are counted together, and keep it out nowhere', async () => {
      const program = stage.browser()
      const { client_id } = OTHER
      const known = '203.0.113.1'
      for (let at = 1; at <= PER_CLIENT; at++) await show(program, { from: `203.0.113.${at}`, client_id })
      expectSlowedDown(await show(program, { from: '203.0.113.200', client_id }))
      for (const from of [known, '203.0.113.201']) {
        const { status } = await show(program, { from, client_id, secret: OTHER.client_secret })
        expect(status).toBe(200)
        expectWrong(await show(program, { from, client_id: 'web' }))
      }
    })

    test('T31 right secrets, and clients that have none, count for nothing', async () => {
      const program = stage.browser()
      const from = '198.51.100.3'
      for (let times = 0; times < PER_CLIENT + 2; times++) {
        expect((await show(program, { from, secret: WEB.client_secret })).status).toBe(200)
        const { json } = await form(program, '/oauth/token', { grant_type: 'refresh_token', client_id: 'tv' })
        expect(json.error).toBe('invalid_request')
      }
      expectWrong(await show(program, { from }))
    })

    test('T31 whoever reads the log is told once, without a secret', async () => {
      const { client_id, client_secret } = GUESSED
      const from = '198.51.100.4'
      for (let times = 0; times < 2 * PER_ADDRESS; times++) await show(stage.browser(), { from, client_id })
      expect((await show(stage.browser(), { from, client_id, secret: client_secret })).status).toBe(200)
      const lines = stage.service().stdout().split('\n')
      const told = lines.filter((line) => line.includes('too many wrong client secrets') && line.includes(from))
      expect(told.map((line) => JSON.parse(line))).toMatchObject([{ client: client_id, address: from }])
      expect(lines.join()).not.toContain(WRONG)
      expect(lines.join()).not.toContain(client_secret)
    })
  },
)
