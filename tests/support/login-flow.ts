import { answered, type Client } from './http-client.ts'

/** Steps that many tests take on their way to what they are about. Each fails when its step does. */

export async function startLogin(browser: Client): Promise<string> {
  const reply = await answered(() => browser.post('/login'))
  if (reply.status !== 201) throw new Error(`start: ${reply.status} ${reply.text}`)
  return reply.json.token
}

export async function scan(phone: Client, token: string): Promise<void> {
  const reply = await answered(() => phone.post('/login/scan', { token }))
  if (reply.status !== 200) throw new Error(`scan: ${reply.status} ${reply.text}`)
}

/** Scans and confirms; with no match asked for, the next poll collects. */
export async function approve(phone: Client, token: string): Promise<void> {
  await scan(phone, token)
  const reply = await answered(() => phone.post('/login/confirm', { token }))
  if (reply.json?.status !== 'authenticated') throw new Error(`confirm: ${reply.status} ${reply.text}`)
}

/** A browser signed in by a phone, by the whole way. */
export async function signInBrowser(browser: Client, phone: Client): Promise<void> {
  const token = await startLogin(browser)
  await approve(phone, token)
  const reply = await answered(() => browser.get(`/login/status/${token}`))
  if (reply.json?.status !== 'authenticated') throw new Error(`collect: ${reply.status} ${reply.text}`)
}

/** Another number than the one that the phone shows. */
export const wrongNumber = (right: string, nth = 1) => String((Number(right) + nth) % 1_000_000).padStart(6, '0')
