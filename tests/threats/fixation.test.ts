import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { approve, signInBrowser, startLogin } from '../support/login-flow.ts'
import { DEMO_PASSWORD } from '../support/service.ts'
import { browserKeyOf, expectExpired, expectProblem, found, keyCookieOf, loginIdOf, sessionSetBy } from './seen.ts'

/** T9: a cookie that somebody planted is worth nothing, and a cookie that was worth something is worth it once. */

const PLANTED = 'p'.repeat(43)

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T9 a planted session cookie is not adopted by signing in', async () => {
    const victim = stage.browser()
    victim.cookies.set('scanin_session', PLANTED)
    const reply = await victim.post('/sign-in', { username: 'demo', password: DEMO_PASSWORD })
    expect(reply.status).toBe(200)
    expect(sessionSetBy(reply)).toMatch(/^[\w-]{43}$/)
    expect(sessionSetBy(reply)).not.toBe(PLANTED)
    const attacker = await stage.browser().get('/session', { cookie: `scanin_session=${PLANTED}` })
    expectProblem(attacker, 401, 'authentication_required')
  })

  test('T9 a planted session cookie is not adopted by a login with the QR', async () => {
    const [victim, phone] = [stage.browser(), await stage.phone()]
    victim.cookies.set('scanin_session', PLANTED)
    await signInBrowser(victim, phone)
    expect(victim.cookies.get('scanin_session')).not.toBe(PLANTED)
    expect((await stage.browser().get('/session', { cookie: `scanin_session=${PLANTED}` })).status).toBe(401)
  })

  test('T9 a planted browser key is not adopted: starting a login makes a new one under a new name', async () => {
    const [victim, attacker] = [stage.browser(), stage.browser()]
    const token = await startLogin(attacker)
    const key = browserKeyOf(attacker, token)
    victim.cookies.set(keyCookieOf(token), key)
    const own = await startLogin(victim)
    expect(loginIdOf(own)).not.toBe(loginIdOf(token))
    expect(browserKeyOf(victim, own)).not.toBe(key)

    // What the attacker knows collects nothing of what the victim approves.
    const phone = await stage.phone()
    await approve(phone, own)
    expectExpired(await attacker.get(`/login/status/${own}`, { cookie: `${keyCookieOf(own)}=${key}` }))
    expectExpired(await attacker.get(`/login/status/${own}`))
    expect((await victim.get(`/login/status/${own}`)).json.status).toBe('authenticated')
  })

  test('T9 every login has a new session secret, which is neither the browser key nor any part of the token', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const secrets = new Set<string>()
    for (let round = 0; round < 4; round++) {
      const token = await startLogin(browser)
      const key = browserKeyOf(browser, token)
      await approve(phone, token)
      const secret = found(sessionSetBy(await browser.get(`/login/status/${token}`)), 'no session')
      expect(secret).not.toBe(key)
      expect(token).not.toContain(secret.slice(0, 12))
      secrets.add(secret)
    }
    for (let round = 0; round < 4; round++) {
      const phoneAgain = await stage.phone()
      secrets.add(found(phoneAgain.cookies.get('scanin_session'), 'no session'))
    }
    expect(secrets.size).toBe(8)
  })

  test('T9 the browser key goes with the reply that brings the session, and is dead once the session is used', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
    await approve(phone, token)
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.setCookies).toContainEqual(expect.stringMatching(new RegExp(`^${keyCookieOf(token)}=; Max-Age=0;`)))
    expect(browser.cookies.has(keyCookieOf(token))).toBe(false)
    await browser.get('/session')

    expectExpired(await stage.browser().get(`/login/status/${token}`, { cookie }))
    expectProblem(await stage.browser().post('/login/user-code', { token }, { cookie }), 404, 'expired_token')
    const restarted = await stage.browser().post('/login', { token }, { cookie })
    expect(loginIdOf(restarted.json.token)).not.toBe(loginIdOf(token))
    expect((await stage.browser().delete(`/login/${token}`, { cookie })).status).toBe(204)
    expect((await browser.get('/session')).status).toBe(200)
  })

  test('T9 the key of a login that is over starts, rotates and collects nothing', async () => {
    const browser = stage.browser()
    const token = await startLogin(browser)
    const cookie = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
    expect((await browser.delete(`/login/${token}`)).status).toBe(204)
    expectExpired(await browser.get(`/login/status/${token}`, { cookie }))
    const next = await browser.post('/login', { token }, { cookie })
    expect(loginIdOf(next.json.token)).not.toBe(loginIdOf(token))
    expectProblem(await (await stage.phone()).post('/login/scan', { token }), 404, 'expired_token')
  })

  test('T9 who is signed in is told to the browser with the session, and stands on the page that it goes to', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const token = await startLogin(browser)
    await approve(phone, token)
    const reply = await browser.get(`/login/status/${token}`)
    expect(reply.json).toMatchObject({ user: { id: 'demo', name: 'Demo Person' }, redirect_to: '/home' })
    expect((await browser.get('/session')).json.user.name).toBe('Demo Person')
    expect((await browser.get('/home')).text).toContain('id="user-name"')
  })

  test('T9 a session is no phone: a browser that was signed in by a code signs in no other browser', async () => {
    const [browser, phone, other] = [stage.browser(), await stage.phone(), stage.browser()]
    await signInBrowser(browser, phone)
    const token = await startLogin(other)
    for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
      expectProblem(await browser.post(path, { token }), 401, 'authentication_required')
    }
    expect((await other.get(`/login/status/${token}`)).json.status).toBe('pending')
  })
})
