import { phoneOf, type TestAccount } from '../support/accounts-file.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { addPasskey } from '../support/passkey-steps.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { browserKeyOf, found, keyCookieOf } from './seen.ts'

export interface Secret {
  what: string
  text: string
}

/**
 * Everything that can happen in one sign-in and around it, with every secret that was seen on the way: logins by QR and by
 * typed code, rotation, wrong and right match codes, wrong passwords, a session that goes on and one that ended, and
 * logins left in every state. Wants `MATCH=always`.
 */
export async function runWholeFlow(url: string, account: TestAccount): Promise<Secret[]> {
  const secrets: Secret[] = [{ what: 'password', text: account.password }]
  const note = (what: string, text: string) => secrets.push({ what, text })
  function noteToken(what: string, token: string): string {
    note(`${what}: token`, token)
    note(`${what}: QR secret`, token.slice(17))
    return token
  }

  async function start(browser: Client, what: string): Promise<string> {
    const token = noteToken(what, (await browser.post('/login', { return_to: '/after' })).json.token)
    note(`${what}: browser key`, browserKeyOf(browser, token))
    return token
  }

  async function userCodeOf(browser: Client, token: string, what: string): Promise<string> {
    const { user_code } = (await browser.post('/login/user-code', { token })).json
    note(`${what}: user code`, user_code)
    note(`${what}: user code without its dash`, user_code.replace('-', ''))
    return user_code
  }

  /** Adds one, signs in and confirms by it: what is asked and answered on the way is good once. */
  async function usePasskeys(): Promise<void> {
    const owner = await phoneOf(account, url)
    const authenticator = createSoftwareAuthenticator({ origin: url })
    note('challenge to add a passkey', (await owner.post('/passkeys/options')).json.challenge)
    const id = await addPasskey(owner, authenticator)
    const guest = createClient(url)
    const options = (await guest.post('/sign-in/passkey/options')).json
    note('challenge to sign in', options.challenge)
    note('challenge to sign in, not taken up', (await guest.post('/sign-in/passkey/options')).json.challenge)
    const assertion = authenticator.use(options)
    note('assertion', assertion.response.signature)
    const signedIn = await guest.post('/sign-in/passkey', { assertion })
    if (signedIn.status !== 200) throw new Error(`sign in by passkey: ${signedIn.status} ${signedIn.text}`)
    note("the phone's session, by passkey", found(guest.cookies.get('scanin_session'), 'no session'))
    await guest.post('/sign-in/passkey', { assertion })
    const asking = createClient(url)
    const asked = await start(asking, 'login confirmed by passkey')
    await guest.post('/login/scan', { token: asked })
    const proof = (await guest.post('/login/confirm/options', { token: asked })).json
    note('challenge to confirm', proof.challenge)
    const reply = await guest.post('/login/confirm', { token: asked, assertion: authenticator.use(proof) })
    note("that login's match code", reply.json.match_code)
    await owner.delete(`/passkeys/${id}`)
  }

  const phone = await phoneOf(account, url)
  note("the phone's session", found(phone.cookies.get('scanin_session'), 'no session'))
  for (const password of ['wrong-password-81', `${account.password}x`]) {
    note('a wrong password', password)
    await createClient(url).post('/sign-in', { username: account.username, password })
    await createClient(url).post('/sign-in', { username: 'nobody-at-all', password })
  }

  const browser = createClient(url)
  const first = await start(browser, 'collected login')
  await browser.get(`/login/status/${first}?seen=scanned&wait=1`)
  const token = noteToken('rotated login', (await browser.post('/login', { token: first })).json.token)
  await userCodeOf(browser, token, 'collected login')
  await phone.post('/login/scan', { token })
  await phone.get(`/login/scan/${token}`)
  const { match_code } = (await phone.post('/login/confirm', { token })).json
  note('match code', match_code)
  const wrong = match_code === '111111' ? '222222' : '111111'
  await browser.post('/login/match', { token, match_code: wrong })
  const stolen = `${keyCookieOf(token)}=${browserKeyOf(browser, token)}`
  const collected = await browser.post('/login/match', { token, match_code })
  if (collected.json?.status !== 'authenticated') throw new Error(`match: ${collected.status} ${collected.text}`)
  note("the browser's session", found(browser.cookies.get('scanin_session'), 'no session'))
  await browser.get('/session')
  await createClient(url).get(`/login/status/${token}`, { cookie: stolen })

  const typed = createClient(url)
  const typedToken = await start(typed, 'typed login')
  const user_code = await userCodeOf(typed, typedToken, 'typed login')
  const scanned = await phone.post('/login/scan', { user_code })
  noteToken("typed login, the phone's", scanned.json.token)
  const confirmed = await phone.post('/login/confirm', { token: scanned.json.token })
  note("typed login's match code", confirmed.json.match_code)

  const denied = await start(typed, 'denied login')
  await phone.post('/login/scan', { token: denied })
  await phone.post('/login/deny', { token: denied })
  await userCodeOf(typed, await start(typed, 'pending login'), 'pending login')
  await phone.post('/login/scan', { user_code: 'BBBB-BBBB' })

  await usePasskeys()

  const leaving = await phoneOf(account, url)
  note('a session that ended', found(leaving.cookies.get('scanin_session'), 'no session'))
  await leaving.post('/sign-out')
  return secrets
}

/** Which of the secrets a text has in it, each on its own: six digits within a longer number are no match code. */
export function secretsIn(text: string, secrets: Secret[]): string[] {
  return secrets
    .filter(({ text: secret }) => {
      for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
        const isLong = secret.length > 8
        if (isLong || !/[\w-]/.test((text[at - 1] ?? ' ') + (text[at + secret.length] ?? ' '))) return true
      }
      return text.toLowerCase().includes(secret.toLowerCase()) && secret.length > 8
    })
    .map(({ what }) => what)
}
