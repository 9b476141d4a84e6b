import type { Client, Reply } from './http-client.ts'
import type { Lies, SoftwareAuthenticator } from './software-authenticator.ts'

/** Steps with passkeys over HTTP. Adding fails when it does; the others give what was answered. */

export async function addPasskey(phone: Client, authenticator: SoftwareAuthenticator): Promise<string> {
  const options = await phone.post('/passkeys/options')
  const reply = await phone.post('/passkeys', { attestation: authenticator.make(options.json) })
  if (reply.status !== 201) throw new Error(`add a passkey: ${reply.status} ${reply.text}`)
  return reply.json.id
}

export async function signInByPasskey(
  client: Client,
  authenticator: SoftwareAuthenticator,
  lies: Lies = {},
): Promise<Reply> {
  const options = (await client.post('/sign-in/passkey/options')).json
  return client.post('/sign-in/passkey', { assertion: authenticator.use(options, lies) })
}

/** What the phone's authenticator says to a confirm of this login. */
export async function proofFor(
  token: string,
  phone: Client,
  authenticator: SoftwareAuthenticator,
  lies: Lies = {},
): Promise<object> {
  return authenticator.use((await phone.post('/login/confirm/options', { token })).json, lies)
}
