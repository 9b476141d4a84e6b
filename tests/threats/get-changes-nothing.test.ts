import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { scan, startLogin } from '../support/login-flow.ts'
import { documentedRoutes } from './routes.ts'
import { sessionSetBy } from './seen.ts'

/** T7: a link preview, a prefetch or an image on some page asks by GET or HEAD, with the phone's own cookie. */

/** What a preview could be made to ask for. */
function addresses(paths: string[], token: string, userCode: string): string[] {
  const filled = paths.map((path) => path.replace(/\{token\}|:token/, token).replace(/\{[^}]+\}/g, token))
  const query = `token=${token}&user_code=${userCode}&match_code=123456&confirm=1&remember=true`
  return [...filled, '/', '/scan', '/home', '/docs', '/openapi.json'].flatMap((path) => [
    path,
    `${path}?${query}`,
    `${path}?_method=POST&${query}`,
    `${path}/${token}`,
  ])
}

const METHOD_TRICKS = [
  {},
  { 'x-http-method-override': 'POST' },
  { 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' },
]

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test.each(['GET', 'HEAD'])("T7 %s on every route with the phone's cookie leaves a login as it is", async (method) => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const session = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const routes = await documentedRoutes(phone)
    expect(routes.length).toBeGreaterThan(15)
    const token = await startLogin(browser)
    const userCode = (await browser.post('/login/user-code', { token })).json.user_code
    const paths = [...new Set(routes.map(({ path }) => path))]

    for (const status of ['pending', 'scanned', 'match_required'].slice(0, 2)) {
      if (status === 'scanned') await scan(phone, token)
      for (const path of addresses(paths, token, userCode)) {
        for (const headers of METHOD_TRICKS) {
          const reply = await phone.call(method, path, { cookie: session, headers })
          expect(reply.status).toBeLessThan(500)
          expect({ path, setCookies: reply.setCookies }).toEqual({ path, setCookies: [] })
        }
      }
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe(status)
    }
    expect((await phone.get('/session')).status).toBe(200)
    expect((await phone.post('/login/confirm', { token })).json.status).toBe('authenticated')
  })

  test("T7 HEAD on the browser's own poll collects nothing: the session is there for the GET", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/login/confirm', { token })
    for (let tries = 0; tries < 3; tries++) {
      const reply = await browser.call('HEAD', `/login/status/${token}`)
      expect(reply.setCookies).toEqual([])
      expect(reply.text).toBe('')
    }
    expect((await phone.get(`/login/scan/${token}`)).json).toMatchObject({ status: 'authenticated', collected: false })
    expect(sessionSetBy(await browser.get(`/login/status/${token}`))).toBeDefined()
  })

  test("T7 a preview that polls an approved login without the browser's cookie collects nothing", async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await scan(phone, token)
    await phone.post('/login/confirm', { token })
    for (const method of ['GET', 'HEAD']) {
      expect((await phone.call(method, `/login/status/${token}`)).setCookies).toEqual([])
    }
    expect((await phone.get(`/login/scan/${token}`)).json).toMatchObject({ collected: false })
    expect(sessionSetBy(await browser.get(`/login/status/${token}`))).toBeDefined()
  })
})
