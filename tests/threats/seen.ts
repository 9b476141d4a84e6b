import { expect } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import type { Client, Reply } from '../support/http-client.ts'

/** What tests of threats look at in a reply. */

/** All that two replies can be told apart by. The time of day is no difference, nor is an id that each reply has anew. */
export function shownBy({ status, rawHeaders, text }: Reply): unknown {
  const headers: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (!['date', 'x-request-id'].includes(name.toLowerCase())) headers.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  return { status, headers, text }
}

/** The value that a reply sets for the session's cookie, whatever its prefix; `undefined`: it sets none. */
export function sessionSetBy({ setCookies }: Reply): string | undefined {
  return setCookies.map((line) => /^(?:__Host-)?scanin_session=([^;]+)/.exec(line)?.[1]).find(Boolean)
}

/** A browser's key for a login, out of its jar. */
export function browserKeyOf(browser: Client, token: string): string {
  return found(browser.cookies.get(keyCookieOf(token)), 'the browser has no key for this login')
}

export function keyCookieOf(token: string): string {
  return `scanin_${loginIdOf(token)}`
}

export function loginIdOf(token: string): string {
  return token.slice(0, 16)
}

/** A refusal as RFC 9457 has it, with this status and code, and nothing given away with it. */
export function expectProblem(reply: Reply, status: number, code: string): void {
  expect({ status: reply.status, code: reply.json?.code, type: reply.headers['content-type'] }).toEqual({
    status,
    code,
    type: expect.stringMatching(/^application\/problem\+json(;|$)/),
  })
  expect(reply.setCookies).toEqual([])
}

/** `{"status":"expired"}`, with no cookie of any kind. */
export function expectExpired(reply: Reply): void {
  expect({ status: reply.status, text: reply.text, setCookies: reply.setCookies }).toEqual({
    status: 200,
    text: '{"status":"expired"}',
    setCookies: [],
  })
}

export function found<Value>(value: Value | undefined, otherwise: string): Value {
  if (value === undefined) throw new Error(otherwise)
  return value
}

/** A call by somebody who, told to come again, does: what was asked for is answered in the end, on a busy machine too. */
export function unhurried(call: () => Promise<Reply>): Promise<Reply> {
  return eventually('the service has time for us', async () => {
    const reply = await call()
    return reply.status !== 429 && reply.status !== 503 && reply
  })
}
