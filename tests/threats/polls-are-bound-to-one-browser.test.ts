import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { browserKeyOf, keyCookieOf, loginIdOf, shownBy } from './seen.ts'

/** T3: a poll answers the browser that began the login, and to everyone else there is no such login. */

const UNKNOWN = `${'u'.repeat(16)}.${'v'.repeat(22)}`

onEveryStore({ POLL_HOLD_SECONDS: '0' }, (stage) => {
  test('T3 the key of one browser with the token of another is answered byte for byte as an unknown token', async () => {
    const [a, b, phone] = [stage.browser(), stage.browser(), await stage.phone()]
    const [tokenOfA, tokenOfB] = [await startLogin(a), await startLogin(b)]
    const keyOfA = browserKeyOf(a, tokenOfA)
    const unknown = shownBy(await stage.browser().get(`/login/status/${UNKNOWN}`))
    const foreign = [
      `${keyCookieOf(tokenOfB)}=${keyOfA}`,
      `${keyCookieOf(tokenOfA)}=${keyOfA}`,
      `${keyCookieOf(tokenOfA)}=${keyOfA}; ${keyCookieOf(tokenOfB)}=${keyOfA}`,
      `${keyCookieOf(tokenOfB)}=`,
      `${keyCookieOf(tokenOfB)}=${keyOfA}; ${keyCookieOf(tokenOfB)}=${browserKeyOf(b, tokenOfB)}`,
      `x${keyCookieOf(tokenOfB)}=${browserKeyOf(b, tokenOfB)}`,
      '',
    ]
    for (const step of [async () => undefined, () => approve(phone, tokenOfB)]) {
      await step()
      for (const cookie of foreign) {
        expect(shownBy(await stage.browser().get(`/login/status/${tokenOfB}`, { cookie }))).toEqual(unknown)
        const match = { token: tokenOfB, match_code: '000000' }
        expect(shownBy(await stage.browser().post('/login/match', match, { cookie }))).toEqual(unknown)
      }
    }
    expect((await b.get(`/login/status/${tokenOfB}`)).json.status).toBe('authenticated')
    expect((await a.get(`/login/status/${tokenOfA}`)).json.status).toBe('pending')
  })

  test('T3 the right login id with a QR secret of another login is `expired`, even with the right key', async () => {
    const [a, b] = [stage.browser(), stage.browser()]
    const [tokenOfA, tokenOfB] = [await startLogin(a), await startLogin(b)]
    const mixed = `${loginIdOf(tokenOfA)}.${tokenOfB.slice(17)}`
    const unknown = shownBy(await stage.browser().get(`/login/status/${UNKNOWN}`))
    expect(shownBy(await a.get(`/login/status/${mixed}`))).toEqual(unknown)
  })

  test('T3 two tabs of one browser do not fight: each login keeps a key of its own', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    const [first, second] = [await startLogin(browser), await startLogin(browser)]
    expect(browserKeyOf(browser, first)).not.toBe(browserKeyOf(browser, second))
    await approve(phone, first)
    expect((await browser.get(`/login/status/${second}`)).json.status).toBe('pending')
    expect((await browser.get(`/login/status/${first}`)).json.status).toBe('authenticated')
    expect((await browser.get(`/login/status/${second}`)).json.status).toBe('pending')
  })

  test('T3 a held poll with a foreign key is not held, and not woken by the approval', async () => {
    const [a, b] = [stage.browser(), stage.browser()]
    const [tokenOfA, tokenOfB] = [await startLogin(a), await startLogin(b)]
    const cookie = `${keyCookieOf(tokenOfB)}=${browserKeyOf(a, tokenOfA)}`
    const reply = await stage.browser().get(`/login/status/${tokenOfB}?seen=pending&wait=25`, { cookie })
    expect(reply.text).toBe('{"status":"expired"}')
  })
})
