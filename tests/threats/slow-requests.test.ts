import { expect, test } from '@jest/globals'
import { onBothStoresAtOnce } from '../support/every-store.ts'
import { createClient } from '../support/http-client.ts'
import { startLogin } from '../support/login-flow.ts'
import { type RawReply, sendRaw } from '../support/raw-socket.ts'

/** T21, the slow part: everything at once and on both stores at once, as it is a matter of waiting. */

/** A request has ten seconds to arrive; the rest is what it may take to notice, by the service's own clock. */
const LONGEST_SECONDS = 60
const DRIP_EVERY_MS = 500

const services = onBothStoresAtOnce({ LOGIN_SECONDS: String(LONGEST_SECONDS) })

const HEAD = 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

const SLOW: [what: string, beginning: string, drip: string][] = [
  ['a body of which one byte comes at a time', `${HEAD}Content-Length: 1000\r\n\r\n{`, ' '],
  ['a body that stops', `${HEAD}Content-Length: 1000\r\n\r\n{"token":"`, ''],
  ['chunks of one byte', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  ['headers of which one comes at a time', HEAD, 'x-a: b\r\n'],
  ['headers that stop', HEAD, ''],
]

function sendSlowly(port: number, beginning: string, drip: string): Promise<RawReply> {
  let timer: NodeJS.Timeout | undefined
  const reply = sendRaw(port, (write) => {
    write(beginning)
    if (drip !== '') timer = setInterval(() => write(drip), DRIP_EVERY_MS)
  })
  return reply.finally(() => clearInterval(timer))
}

test('T21 slow bodies and slow headers are 408 problem+json within seconds, and nothing is lost meanwhile (both stores)', async () => {
  await Promise.all(
    services().map(async ({ url, port, hasEnded }) => {
      const browser = createClient(url)
      const token = await startLogin(browser)
      const replies = await Promise.all(SLOW.map(([, beginning, drip]) => sendSlowly(port, beginning, drip)))
      const seen = replies.map(({ status, headers }, at) => ({
        what: SLOW[at]?.[0],
        status,
        type: headers.get('content-type')?.split(';')[0],
      }))
      expect(seen).toEqual(SLOW.map(([what]) => ({ what, status: 408, type: 'application/problem+json' })))
      // Begun before them, and not over yet.
      expect((await browser.get(`/login/status/${token}`)).json.status).toBe('pending')
      expect(hasEnded()).toBe(false)
    }),
  )
})
