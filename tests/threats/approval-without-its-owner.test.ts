import { expect, test } from '@jest/globals'
import { onEveryStore } from '../support/every-store.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, scan, startLogin } from '../support/login-flow.ts'
import { addPasskey, proofFor, signInByPasskey } from '../support/passkey-steps.ts'
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from '../support/software-authenticator.ts'
import { onEveryStoreInTime } from '../support/timed-stage.ts'
import { expectProblem, found } from './seen.ts'

/** T32: somebody has the phone's cookie, or the phone itself, and not its owner's face, finger or PIN. */

const ENV = { POLL_HOLD_SECONDS: '0', MATCH: 'never', CONFIRM: 'passkey', RATE_SIGN_INS_PER_MINUTE: '0' }

interface Owner {
  phone: Client
  authenticator: SoftwareAuthenticator
}

/** @param isSynced the passkey is synchronised and does not count its uses: a second use looks like the first */
async function ownerAt(url: string, phone: Client, isSynced = false): Promise<Owner> {
  const authenticator = createSoftwareAuthenticator({ origin: url, isSynced })
  await addPasskey(phone, authenticator)
  return { phone, authenticator }
}

/** Another machine with the same cookie. */
function thiefOf(url: string, { phone }: Owner): Client {
  const thief = createClient(url)
  thief.cookies.set('scanin_session', found(phone.cookies.get('scanin_session'), 'the phone has no session'))
  return thief
}

const statusOf = async (browser: Client, token: string) => (await browser.get(`/login/status/${token}`)).json.status

/** Confirms, and sees that nothing came of it. */
async function expectNothing(by: Client, browser: Client, token: string, assertion?: object): Promise<void> {
  expectProblem(await by.post('/login/confirm', { token, assertion }), 403, 'passkey_required')
  const reply = await browser.get(`/login/status/${token}`)
  expect([reply.json.status, reply.setCookies]).toEqual(['scanned', []])
}

onEveryStore(ENV, (stage) => {
  const url = () => stage.service().url

  test('T32 with a stolen cookie, or an unlocked phone, nothing is approved', async () => {
    const [browser, owner] = [stage.browser(), await ownerAt(url(), await stage.phone())]
    const thief = thiefOf(url(), owner)
    const token = await startLogin(browser)
    expect((await thief.post('/login/scan', { token })).json).toMatchObject({ status: 'scanned', confirm: 'passkey' })
    await expectNothing(thief, browser, token)
    const own = createSoftwareAuthenticator({ origin: url() })
    own.make({ rp: { id: '127.0.0.1' }, user: { id: 'A'.repeat(44) }, challenge: 'x' })
    await expectNothing(thief, browser, token, await proofFor(token, thief, own))
    for (const lies of [{ userVerified: false }, { userPresent: false }, { isSignatureWrong: true }])
      await expectNothing(thief, browser, token, await proofFor(token, thief, owner.authenticator, lies))
    // The owner has to prove that it is them, which a thief cannot: then the confirm is taken.
    const assertion = await proofFor(token, owner.phone, owner.authenticator)
    expect((await owner.phone.post('/login/confirm', { token, assertion })).json).toEqual({ status: 'authenticated' })
    expect(await statusOf(browser, token)).toBe('authenticated')
  })

  test('T32 without a passkey of their own nobody approves, whatever they send', async () => {
    const [browser, phone] = [stage.browser(), await stage.phone()]
    for (const { id } of (await phone.get('/passkeys')).json.passkeys) await phone.delete(`/passkeys/${id}`)
    const token = await startLogin(browser)
    await scan(phone, token)
    expectProblem(await phone.post('/login/confirm/options', { token }), 403, 'passkey_required')
    await expectNothing(phone, browser, token)
    for (const assertion of ['yes', true, {}, [], { id: 'x', type: 'public-key', response: {} }]) {
      expectProblem(await phone.post('/login/confirm', { token, assertion }), 400, 'invalid_request')
    }
    expectProblem(await phone.post('/login/confirm', { token, confirm: 'tap' }), 400, 'invalid_request')
    expect(await statusOf(browser, token)).toBe('scanned')
  })

  test('T32 an assertion that was used, or made for another login, phone, browser or step, approves nothing', async () => {
    const owner = await ownerAt(url(), await stage.phone(), true)
    const { phone, authenticator } = owner
    const [browser, other] = [stage.browser(), stage.browser()]
    const [token, second] = [await startLogin(browser), await startLogin(other)]
    await scan(phone, token)
    await scan(phone, second)
    const forSecond = await proofFor(second, phone, authenticator)
    await expectNothing(phone, browser, token, forSecond)
    await phone.post('/login/confirm', { token: second, assertion: forSecond })
    expect(await statusOf(other, second)).toBe('authenticated')
    await expectNothing(phone, browser, token, forSecond)
    const toSignIn = (await stage.browser().post('/sign-in/passkey/options')).json
    await expectNothing(phone, browser, token, authenticator.use(toSignIn))
    // The same person's other phone takes the login over: an assertion for the first phone is no good to it.
    const forFirst = await proofFor(token, phone, authenticator)
    const next = await stage.phone()
    await scan(next, token)
    await expectNothing(next, browser, token, forFirst)
    // And an assertion that was meant for a confirm signs nobody in.
    const assertion = await proofFor(token, next, authenticator)
    expectProblem(await stage.browser().post('/sign-in/passkey', { assertion }), 401, 'invalid_credentials')
  })

  test('T32 of fifty confirms with one assertion, for two logins at once, one is taken', async () => {
    const { phone, authenticator } = await ownerAt(url(), await stage.phone(), true)
    const browsers = [stage.browser(), stage.browser()]
    const tokens = await Promise.all(browsers.map((browser) => startLogin(browser)))
    for (const token of tokens) await scan(phone, token)
    const assertion = await proofFor(found(tokens[0], 'no login'), phone, authenticator)
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => phone.post('/login/confirm', { token: tokens[at % 2], assertion })),
    )
    const statuses = await Promise.all(browsers.map((browser, at) => statusOf(browser, found(tokens[at], 'no login'))))
    expect(statuses).toEqual(['authenticated', 'scanned'])
  })

  test('T32 a copied passkey, which counts on by itself, is refused once the other has gone on', async () => {
    const { phone, authenticator } = await ownerAt(url(), await stage.phone())
    const browser = stage.browser()
    expect((await signInByPasskey(stage.browser(), authenticator, { counter: 20 })).status).toBe(200)
    const token = await startLogin(browser)
    await scan(phone, token)
    for (const counter of [20, 5, 0])
      await expectNothing(phone, browser, token, await proofFor(token, phone, authenticator, { counter }))
  })

  test('T32 the host that a passkey is for is the public URL`s, whatever a proxy or a client says', async () => {
    const { phone, authenticator } = await ownerAt(url(), await stage.phone())
    const browser = stage.browser()
    const token = await startLogin(browser)
    await scan(phone, token)
    const headers = {
      host: 'proxy.test',
      'x-forwarded-host': 'proxy.test',
      forwarded: 'host=proxy.test;proto=https',
      'x-forwarded-proto': 'https',
    }
    const asked = [
      await phone.post('/login/confirm/options', { token }, { headers }),
      await stage.browser().post('/sign-in/passkey/options', undefined, { headers }),
    ]
    expect(asked.map(({ json }) => json.rpId)).toEqual(['127.0.0.1', '127.0.0.1'])
    expect((await phone.post('/passkeys/options', undefined, { headers })).json.rp.id).toBe('127.0.0.1')
    // A page at the proxy's name makes assertions of its own, for its own host, or relays ours.
    for (const lies of [
      { rpId: 'proxy.test', origin: 'https://proxy.test' },
      { origin: 'https://proxy.test' },
      { rpId: 'proxy.test' },
    ])
      await expectNothing(phone, browser, token, await proofFor(token, phone, authenticator, lies))
  })

  test('T32 a browser that a phone signed in is no way around it', async () => {
    const { phone, authenticator } = await ownerAt(url(), await stage.phone())
    const [browser, other] = [stage.browser(), stage.browser()]
    const token = await startLogin(browser)
    await scan(phone, token)
    const assertion = await proofFor(token, phone, authenticator)
    await phone.post('/login/confirm', { token, assertion })
    expect(await statusOf(browser, token)).toBe('authenticated')
    const next = await startLogin(other)
    expectProblem(await browser.post('/login/confirm/options', { token: next }), 401, 'authentication_required')
    expectProblem(await browser.post('/passkeys/options'), 401, 'authentication_required')
    expect(await statusOf(other, next)).toBe('pending')
  })

  test("T32 and T20: another site's page neither asks for a passkey nor adds, uses or removes one", async () => {
    const { phone } = await ownerAt(url(), await stage.phone())
    const [{ id }] = (await phone.get('/passkeys')).json.passkeys
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: undefined },
      { 'sec-fetch-site': 'same-site' },
    ])
      for (const [method, path] of [
        ['POST', '/passkeys/options'],
        ['POST', '/passkeys'],
        ['DELETE', `/passkeys/${id}`],
        ['POST', '/login/confirm/options'],
        ['POST', '/sign-in/passkey/options'],
        ['POST', '/sign-in/passkey'],
      ] as const)
        expectProblem(await phone.call(method, path, { body: {}, headers }), 403, 'cross_site_request')
    expect((await phone.get('/passkeys')).json.passkeys).toContainEqual(expect.objectContaining({ id }))
  })
})

onEveryStoreInTime(ENV, (stage) => {
  test('T32 a stolen cookie neither adds a passkey nor takes one away, and a challenge is good for five minutes', async () => {
    const owner = await ownerAt(stage.url(), await stage.phone())
    const browser = stage.browser()
    const [{ id }] = (await owner.phone.get('/passkeys')).json.passkeys
    const early = (await owner.phone.post('/passkeys/options')).json
    stage.pass(301_000)
    const thief = thiefOf(stage.url(), owner)
    const own = createSoftwareAuthenticator({ origin: stage.url() })
    expectProblem(await thief.post('/passkeys/options'), 403, 'recent_sign_in_required')
    expectProblem(await thief.post('/passkeys', { attestation: own.make(early) }), 403, 'recent_sign_in_required')
    expectProblem(await thief.delete(`/passkeys/${id}`), 403, 'recent_sign_in_required')
    const { token, options } = await optionsOf(owner.phone, browser)
    stage.pass(110_000)
    const late = await optionsOf(owner.phone, browser)
    await owner.phone.post('/login/confirm', { token, assertion: owner.authenticator.use(options) })
    expect(await statusOf(browser, token)).toBe('authenticated')
    const toSignIn = (await stage.browser().post('/sign-in/passkey/options')).json
    stage.pass(300_000)
    expectProblem(
      await stage.browser().post('/sign-in/passkey', { assertion: owner.authenticator.use(toSignIn) }),
      401,
      'invalid_credentials',
    )
    const again = await owner.phone.post('/login/confirm', {
      token: late.token,
      assertion: owner.authenticator.use(late.options),
    })
    expectProblem(again, 404, 'expired_token')
  })

  async function optionsOf(phone: Client, browser: Client) {
    const token = await startLogin(browser)
    await scan(phone, token)
    return { token, options: (await phone.post('/login/confirm/options', { token })).json }
  }
})

onEveryStore({ ...ENV, CONFIRM: 'auto' }, (stage) => {
  test('T32 with CONFIRM=auto who has a passkey confirms by it, and a stolen cookie by nothing', async () => {
    const browser = stage.browser()
    const phone = await stage.phone()
    await approve(phone, await startLogin(browser))
    const owner = await ownerAt(stage.service().url, phone)
    const token = await startLogin(browser)
    const thief = thiefOf(stage.service().url, owner)
    await scan(thief, token)
    await expectNothing(thief, browser, token)
  })
})
