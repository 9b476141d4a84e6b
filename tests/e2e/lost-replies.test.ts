import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { loginIdOf } from '../../web/src/wire/scan-link.ts'
import { eventually } from '../support/eventually.ts'
import { createFaultyLine, type FaultyLine } from '../support/faulty-line.ts'
import { freePort } from '../support/free-port.ts'
import { createPhone } from '../support/http-client.ts'
import { scan } from '../support/login-flow.ts'
import { isSignedIn, openLoginPage, readToken, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'

/** Replies that vanish on the way, as where Wi-Fi roams or a VPN forgets a flow: nobody is told, and new connections are good. */

const { visitors, serve } = setUpPageTests({})
let line: FaultyLine | undefined
let proxy: Server | undefined

afterEach(async () => {
  proxy?.close()
  proxy?.closeAllConnections()
  proxy = undefined
  await line?.mend()
  await line?.close()
  line = undefined
})

/** A login page at the far end of a line, and a phone that is near. */
async function open(env: Record<string, string>) {
  const [port, linePort] = [await freePort(), await freePort()]
  const faulty = await createFaultyLine(port, linePort)
  line = faulty
  const url = `http://127.0.0.1:${linePort}`
  const near = await serve({ HOST: '127.0.0.1', PORT: String(port), PUBLIC_URL: url, ...env })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  const token = await readToken(desktop)
  const phone = await createPhone(`http://127.0.0.1:${near.port}`, url)
  await scan(phone, token)
  const confirm = async () => (await phone.post('/login/confirm', { token })).json
  return { desktop, confirm, line: faulty }
}

const POLL = /GET \/login\/status\//
/** Of connections that have loaded the page, and are closed when nobody has used them for a while. */
const NO_POLL = /^(?![\s\S]*GET \/login\/status\/)/

test('a hand-over whose reply vanishes is asked for again while it can be had', async () => {
  const { desktop, confirm, line } = await open({ MATCH: 'never', POLL_INTERVAL_SECONDS: '1', POLL_HOLD_SECONDS: '1' })
  await sees(desktop, '#status', 'confirm on your phone')
  line.drop({ said: NO_POLL })
  const number = await line.passed('client', { said: POLL })
  // One that has polled and rests would take the next poll, and be silent too.
  line.drop({ said: POLL, but: number })
  line.swallow({ only: number })
  expect(await confirm()).toMatchObject({ status: 'authenticated' })
  await isSignedIn(desktop)
})

test('a hand-over that came with the right number, and whose reply vanishes, is asked for again where polls are far apart', async () => {
  const { desktop, confirm, line } = await open({
    MATCH: 'always',
    POLL_INTERVAL_SECONDS: '30',
    POLL_HOLD_SECONDS: '0',
  })
  const { match_code: digits } = await confirm()
  // Goes on where its login is by now.
  await desktop.reload()
  await desktop.locator('#match-code').waitFor()
  line.drop()
  line.hang({ from: 'server', said: /POST \/login\/match/ })
  await desktop.locator('#match-code').fill(digits)
  await isSignedIn(desktop)
})

test.each([
  ['', 'never'],
  [' that came with the right number', 'always'],
])(
  'a hand-over%s that breaks off after its headers has signed the browser in, and its page says so',
  async (_how, match) => {
    const port = await freePort()
    const { url: origin, cutReply } = await startCuttingProxy(port)
    // No poll is on its way as the number is sent.
    const pace = { POLL_INTERVAL_SECONDS: match === 'always' ? '30' : '1', POLL_HOLD_SECONDS: '0' }
    const near = await serve({ HOST: '127.0.0.1', PORT: String(port), PUBLIC_URL: origin, MATCH: match, ...pace })
    visitors.await(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONTENT_LENGTH_MISMATCH/)
    const desktop = await visitors.desktop()
    await openLoginPage(desktop, origin)
    const phone = await createPhone(`http://127.0.0.1:${near.port}`, origin)
    const token = await readToken(desktop)
    await scan(phone, token)
    const isCut = cutReply(/"authenticated"/)
    const { match_code: digits } = (await phone.post('/login/confirm', { token })).json
    if (digits !== undefined) {
      // Goes on where its login is by now.
      await desktop.reload()
      await desktop.locator('#match-code').fill(digits)
    }
    await isCut
    await isSignedIn(desktop)
  },
)

test('a renewal of the code whose reply vanishes is asked for again: the login stays, and so does the code to type that is shown for it', async () => {
  const { url } = await serve({ MATCH: 'never', QR_REFRESH_SECONDS: '8' })
  const desktop = await visitors.desktop()
  await openLoginPage(desktop, url)
  await desktop.locator('#user-code button').click()
  const userCode = await desktop.locator('#user-code output').textContent()
  let isLost = false
  await desktop.route(/\/login$/, async (route) => {
    if (isLost) return route.fallback()
    isLost = true
    await route.fetch()
  })
  const before = await readToken(desktop)
  await eventually('the code is another', async () => (await readToken(desktop)) !== before)
  expect(isLost).toBe(true)
  expect(loginIdOf(await readToken(desktop))).toBe(loginIdOf(before))

  const phone = await createPhone(url)
  const { token } = (await phone.post('/login/scan', { user_code: userCode })).json
  await phone.post('/login/confirm', { token })
  await isSignedIn(desktop)
})

/** A proxy that, once, ends the reply of a login of this form in the middle of its body: the last that a network lets through. */
async function startCuttingProxy(port: number) {
  let cut: { form: RegExp; done: () => void } | undefined
  const server = createServer((asked, reply) => {
    const { url: path, method, headers } = asked
    const onwards = request({ host: '127.0.0.1', port, path, method, headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray())
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      if (cut?.form.test(body.toString()) && /^\/login\/(status|match)/.test(path ?? '')) {
        reply.write(body.subarray(0, 5), () => reply.destroy())
        cut.done()
        cut = undefined
      } else reply.end(body)
    })
    onwards.on('error', () => reply.destroy())
    asked.pipe(onwards)
  })
  proxy = server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** @returns when it is done */
    cutReply: (form: RegExp) =>
      new Promise<void>((done) => {
        cut = { form, done }
      }),
  }
}
