import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AccountsFile, phoneOf, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { onEveryStore } from '../support/every-store.ts'
import type { Reply } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'

/** T12: until the person has approved, the browser learns nothing about who holds the phone. */

let accounts: AccountsFile

beforeAll(async () => {
  accounts = await writeAccounts([ZOFIA, YUSUF])
})

afterAll(() => accounts.remove())

const PERSONAL = [ZOFIA.id, ZOFIA.username, ZOFIA.name, 'Zofia', 'Quellwasser', ZOFIA.email, ...ZOFIA.groups]

function personalIn({ text, rawHeaders }: Reply): string[] {
  const shown = `${rawHeaders.join('\n')}\n${text}`
  const decoded = `${shown}\n${decodeURIComponent(shown.replace(/%(?![0-9a-f]{2})/gi, '%25'))}`.toLowerCase()
  return PERSONAL.filter((word) => decoded.includes(word.toLowerCase()))
}

onEveryStore(
  () => ({ ACCOUNTS_FILE: accounts.path, MATCH: 'always', POLL_HOLD_SECONDS: '0' }),
  (stage) => {
    test("T12 no reply to the browser has the person's id, name, email or groups in it before the match", async () => {
      const { url } = stage.service()
      const [browser, phone] = [stage.browser(), await phoneOf(ZOFIA, url)]
      const replies: Reply[] = [await browser.post('/login')]
      const first: string = replies[0]?.json.token
      const look = async (token: string) => {
        replies.push(
          await browser.get(`/login/status/${token}`),
          await browser.get(`/login/status/${token}?seen=none&wait=1`),
          await browser.post('/login/user-code', { token }),
          await stage.browser().get(`/login/status/${token}`),
        )
      }
      await look(first)
      replies.push(await browser.post('/login', { token: first }))
      const token: string = replies.at(-1)?.json.token
      await look(token)
      expect((await phone.post('/login/scan', { token })).status).toBe(200)
      await look(token)
      const { match_code } = (await phone.post('/login/confirm', { token })).json
      await look(token)
      replies.push(
        await browser.post('/login/match', { token, match_code: match_code === '000000' ? '000001' : '000000' }),
      )
      expect(replies.at(-1)?.status).toBe(422)
      for (const path of ['/', '/home', '/session', '/sessions', '/openapi.json', '/healthz'])
        replies.push(await browser.get(path))

      expect(replies.map(({ json }) => json?.status)).toEqual(
        expect.arrayContaining(['pending', 'scanned', 'match_required']),
      )
      for (const reply of replies)
        expect({ text: reply.text.slice(0, 200), found: personalIn(reply) }).toMatchObject({ found: [] })

      // Makes sure that the search can find something: it does once the person has approved.
      const matched = await browser.post('/login/match', { token, match_code })
      expect(matched.json.status).toBe('authenticated')
      expect(personalIn(matched)).toContain(ZOFIA.name)
    })

    test('T12 a denied login says nothing about who denied it', async () => {
      const [browser, phone] = [stage.browser(), await phoneOf(ZOFIA, stage.service().url)]
      const token = await startLogin(browser)
      await phone.post('/login/scan', { token })
      await phone.post('/login/deny', { token })
      const reply = await browser.get(`/login/status/${token}`)
      expect(reply.json.status).toBe('denied')
      expect(personalIn(reply)).toEqual([])
    })

    test("T12 another person's phone that scans the same code learns nothing about who was first", async () => {
      const [browser, phone] = [stage.browser(), await phoneOf(ZOFIA, stage.service().url)]
      const other = await phoneOf(YUSUF, stage.service().url)
      const token = await startLogin(browser)
      await phone.post('/login/scan', { token })
      const reply = await other.post('/login/scan', { token })
      expect(reply.status).toBe(409)
      expect(personalIn(reply)).toEqual([])
    })

    test("T12 the phone is told who asks, and the browser's own words are not on it", async () => {
      const { url } = stage.service()
      const [browser, phone] = [stage.browser(), await phoneOf(ZOFIA, url)]
      const userAgent = 'Your bank: confirm now! <img src=x onerror=alert(1)>'
      const { token } = (await browser.post('/login', {}, { headers: { 'user-agent': userAgent } })).json
      const reply = await phone.post('/login/scan', { token })
      expect(reply.text).not.toMatch(/bank|onerror/)
      expect(reply.json.browser).toEqual({ name: 'Unknown browser', os: 'unknown system' })
    })
  },
)
