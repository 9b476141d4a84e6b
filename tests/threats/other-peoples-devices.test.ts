import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AccountsFile, phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { eventually } from '../support/eventually.ts'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { expectProblem, shownBy } from './seen.ts'

/** T19: devices, their names and what happened to an account are its owner's, and nobody else learns that they are there. */

let accounts: AccountsFile | undefined
beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA, YUSUF])
})
afterAll(() => accounts?.remove())
const env = () => ({ MATCH: 'never', POLL_HOLD_SECONDS: '0', ACCOUNTS_FILE: accounts?.path ?? '' })

const idOf = async (client: Client): Promise<string> => (await client.get('/session')).json.session.id
const eventsOf = async (client: Client): Promise<{ type: string; new: boolean }[]> =>
  (await client.get('/events')).json.events

onEveryStore(env, (stage) => {
  test("T19 nobody reads, names or ends another person's devices, nor sees what happened to their account", async () => {
    const { url } = stage.service()
    const [zofia, yusuf, browser] = [await phoneOf(ZOFIA, url), await phoneOf(YUSUF, url), createClient(url)]
    await signInBrowser(browser, zofia)
    const id = await idOf(browser)
    const called = await zofia.call('PATCH', `/sessions/${id}`, { body: { name: 'Secret lair' } })
    expect([called.status, called.json.name]).toEqual([200, 'Secret lair'])
    await eventually('zofia is told', async () => (await eventsOf(zofia)).some(({ type }) => type === 'linked'))

    // Answered like a session that does not exist.
    const unknown = 'A'.repeat(43)
    const tries = async (which: string) =>
      shownBy(await yusuf.call('PATCH', `/sessions/${which}`, { body: { name: 'Mine' } }))
    expect(await tries(id)).toEqual(await tries(unknown))
    expectProblem(await yusuf.call('PATCH', `/sessions/${id}`, { body: { name: 'Mine' } }), 404, 'not_found')
    expectProblem(await yusuf.delete(`/sessions/${id}`), 404, 'not_found')
    expect((await yusuf.delete('/sessions?kind=browser')).json).toEqual({ revoked: 0 })
    expect((await yusuf.post('/events/seen', { until: '2999-01-01T00:00:00.000Z' })).status).toBe(204)

    const all = [await yusuf.get('/sessions'), await yusuf.get('/events')].map(({ text }) => text).join()
    for (const secret of ['Secret lair', id, await idOf(zofia), ZOFIA.name]) expect(all).not.toContain(secret)
    expect((await eventsOf(yusuf)).map(({ type }) => type)).toEqual(['signed_in'])

    const own = (await zofia.get('/sessions')).json.sessions.find((one: { id: string }) => one.id === id)
    expect(own).toMatchObject({ name: 'Secret lair', new: true })
    expect((await browser.get('/session')).status).toBe(200)
  })

  test('T19 who is signed out names nothing, sees nothing, and dismisses nothing', async () => {
    const { url } = stage.service()
    const [zofia, stranger] = [await phoneOf(ZOFIA, url), createClient(url)]
    const id = await idOf(zofia)
    for (const reply of [
      await stranger.call('PATCH', `/sessions/${id}`, { body: { name: 'Mine' } }),
      await stranger.get('/events'),
      await stranger.post('/events/seen', { until: '2026-01-01T00:00:00.000Z' }),
    ]) {
      expectProblem(reply, 401, 'authentication_required')
    }
  })

  test("T19 who has signed in as somebody dismisses on their own device what the owner's phone has yet to tell", async () => {
    const { url } = stage.service()
    const owner = await phoneOf(ZOFIA, url)
    const thief = await phoneOf(ZOFIA, url)
    const browser = createClient(url)
    await signInBrowser(browser, thief)
    const until = (await thief.get('/sessions')).json.sessions[0].created_at
    await thief.post('/events/seen', { until })
    const news = async (client: Client) =>
      (await client.get('/sessions')).json.sessions
        .filter((one: { new: boolean }) => one.new)
        .map((one: { id: string }) => one.id)
    expect(await news(thief)).toEqual([])
    expect((await news(owner)).sort()).toEqual([await idOf(thief), await idOf(browser)].sort())
    // The owner is told of them even after they have signed out.
    await browser.post('/sign-out')
    await thief.post('/sign-out')
    await eventually('both are told', async () => (await eventsOf(owner)).filter((event) => event.new).length === 2)
    expect(await news(owner)).toEqual([])
  })
})
