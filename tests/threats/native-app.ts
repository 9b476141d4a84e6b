import { expect } from '@jest/globals'
import type { Client, Reply } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { expectProblem, sessionSetBy } from './seen.ts'

/** A native app's requests: no cookie, no origin, a token of its own. */
export function asNative(client: Client, path: string, bearer: string, body: unknown): Promise<Reply> {
  return client.post(path, body, { cookie: '', headers: { authorization: `Bearer ${bearer}`, origin: undefined } })
}

/** The token signs a browser in, as this person. */
export async function expectToSignIn(
  browser: Client,
  bearer: string,
  user: { id: string; name: string },
): Promise<void> {
  const token = await startLogin(browser)
  expect((await asNative(browser, '/login/scan', bearer, { token })).status).toBe(200)
  expect((await asNative(browser, '/login/confirm', bearer, { token })).json).toEqual({ status: 'authenticated' })
  const reply = await browser.get(`/login/status/${token}`)
  expect(reply.json.user).toEqual(user)
  expect(sessionSetBy(reply)).toBeDefined()
}

/** The token does nothing to a login, and the login goes on without it. */
export async function expectToBeRefused(browser: Client, bearer: string): Promise<void> {
  const token = await startLogin(browser)
  for (const path of ['/login/scan', '/login/confirm', '/login/deny']) {
    expectProblem(await asNative(browser, path, bearer, { token }), 401, 'authentication_required')
  }
  expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
}
