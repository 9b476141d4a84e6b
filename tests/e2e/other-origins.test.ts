import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Frame, Locator, Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createPhone } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { readToken, sees, stopClock } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { pageSnippet, startSampleBackEnd } from '../support/sample-back-end.ts'
import { type Service, startService } from '../support/service.ts'

/**
 * An application's own page, on another origin than ScanIn's. Browsers take all of `localhost` for this machine, and
 * what stands before it for a site: `app.team.localhost` and `login.team.localhost` are one site, `app.else.localhost` another.
 */

const { visitors } = setUpPageTests({})

let applications: Server
let service: Service
let login: string
/** Origins of applications: of ScanIn's site and listed, of its site alone, listed alone. */
let listed: string
let sibling: string
let elsewhere: string

const AUDIENCE = 'https://orders.example.com'
const folder = mkdtempSync(join(tmpdir(), 'scanin-other-origins-'))

/** Node asks the machine for `login.team.localhost`, which need not know it as browsers do. */
const LOCALHOST_IS_HERE = `import dns from 'node:dns'
dns.lookup = (_name, ...rest) => {
  const told = rest.pop()
  if (rest[0]?.all) told(null, [{ address: '127.0.0.1', family: 4 }])
  else told(null, '127.0.0.1', 4)
}`

/** A page here is isolated from others (HTML §7.1.4). */
const ISOLATED = '/isolated'

/** What the application's page keeps of what its frame has said. */
const PAGE = `<!doctype html><title>An application</title><script>
  let count = 0
  addEventListener('message', (event) => {
    document.title = JSON.stringify([event.origin, event.data]) + ' ' + ++count
  })
</script>`

beforeAll(async () => {
  applications = createServer(({ url }, reply) => {
    if (url === ISOLATED) {
      reply.setHeader('cross-origin-opener-policy', 'same-origin')
      reply.setHeader('cross-origin-embedder-policy', 'require-corp')
    }
    reply.setHeader('content-type', 'text/html').end(PAGE)
  })
  await new Promise<void>((resolve) => applications.listen(0, '127.0.0.1', resolve))
  const { port } = applications.address() as AddressInfo
  listed = `http://app.team.localhost:${port}`
  sibling = `http://other.team.localhost:${port}`
  elsewhere = `http://app.else.localhost:${port}`
  const own = await freePort()
  login = `http://login.team.localhost:${own}`
  service = await startService({
    PORT: String(own),
    PUBLIC_URL: login,
    ALLOWED_ORIGINS: `${listed},${elsewhere}`,
    TOKEN_AUDIENCES: AUDIENCE,
  })
})
afterAll(async () => {
  await service?.stop()
  applications?.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies freely
  json: any
}

/** As an application's script would, with the person's cookies. */
function ask(page: Page, method: string, path: string, body?: object): Promise<Answer> {
  return page.evaluate(
    async ([url, method, body]) => {
      const reply = await fetch(url, {
        method,
        credentials: 'include',
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      return { status: reply.status, json: await reply.json() }
    },
    [login + path, method, body] as const,
  )
}

/** The script of docs/other-origins.md. */
function documented(): string {
  const [, text] = /```js\n(.*?)```/s.exec(readFileSync('docs/other-origins.md', 'utf8')) ?? []
  if (text === undefined) throw new Error('docs/other-origins.md has no script')
  return text.replaceAll('https://login.example.com', login)
}

const approveAt = async (token: string) => approve(await createPhone(service.url, login), token)

async function openAt(address: string): Promise<Page> {
  const page = await visitors.desktop()
  await page.goto(address)
  return page
}

describe('a page of another origin of the same site', () => {
  test('signs its person in by its own requests, as docs/other-origins.md has them, and has a token for its back end', async () => {
    const page = await openAt(listed)
    expect((await ask(page, 'GET', '/session')).status).toBe(401)
    const started = page.waitForResponse((reply) => reply.url() === `${login}/login` && reply.status() === 201)
    const ended = page.evaluate(`(async () => { document.body.append(new Image()); ${documented()}; return state })()`)
    await approveAt((await (await started).json()).token)
    expect(await ended).toMatchObject({ status: 'authenticated', user: { id: 'demo' } })
    expect((await ask(page, 'GET', '/session')).json.user.id).toBe('demo')
    expect((await ask(page, 'POST', '/session/token', {})).json.token_type).toBe('Bearer')
  })

  test('keeps to the pace that it is told by that script, also where a reply was lost', async () => {
    visitors.await(/net::ERR_FAILED/)
    const page = await openAt(listed)
    await page.clock.install()
    await stopClock(page)
    const cors = { 'access-control-allow-origin': listed, 'access-control-allow-credentials': 'true' }
    const json = { status: 'pending', expires_in: 300, interval: 5, hold: 0 }
    const replies = [undefined, json, json]
    await page.route(
      '**/login/status/**',
      (route) => {
        const said = replies.shift()
        return said === undefined ? route.abort() : route.fulfill({ headers: cors, json: said })
      },
      { times: replies.length },
    )
    const started = page.waitForResponse((reply) => reply.url() === `${login}/login` && reply.status() === 201)
    const ended = page.evaluate(`(async () => {
      document.body.append(new Image())
      const fetched = window.fetch
      window.polls = []
      window.fetch = (url, options) => {
        if (url.includes('/status/')) window.polls.push(Date.now())
        return fetched(url, options)
      }
      ${documented()}
      return state
    })()`)
    const { token, interval } = await (await started).json()
    const polls = await eventually('four polls', async () => {
      await page.clock.runFor(100)
      const polls: number[] = await page.evaluate('window.polls')
      return polls.length >= 4 && polls
    })
    const pauses = polls.map((at, nth) => (at - (polls[nth - 1] ?? 0)) / 1000).slice(1, 4)
    for (const [nth, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual([interval, 5, 5][nth] ?? 0)
    await approveAt(token)
    await page.clock.resume()
    expect(await ended).toMatchObject({ status: 'authenticated' })
  })

  test('asks a back end at another origin as whoever is signed in, as docs/back-ends.md has it', async () => {
    const backEnd = await startSampleBackEnd('js', folder, {
      ISSUER: login,
      AUDIENCE,
      PAGE_ORIGIN: listed,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(LOCALHOST_IS_HERE)}`,
    })
    const page = await openAt(listed)
    await approveAt(await readToken(await frameIn(page, '/embed')))
    await told(page)
    const script = pageSnippet()
      .replace('https://login.example.com', login)
      .replace(`${AUDIENCE}/mine`, `${backEnd}/mine`)
    expect(await page.evaluate(`(async () => { ${script}; return orders.json() })()`)).toEqual({ you: 'demo' })
  })

  test('may not, if it is not listed: it can neither ask nor read', async () => {
    visitors.await(/blocked by CORS policy/, /net::ERR_FAILED/, /status of 40\d/)
    const page = await openAt(sibling)
    await expect(ask(page, 'POST', '/login', {})).rejects.toThrow('Failed to fetch')
    await expect(ask(page, 'GET', '/session')).rejects.toThrow('Failed to fetch')
    // What needs no asking before is refused.
    const sent = await page.evaluate(
      (url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' }).then(({ type }) => type),
      `${login}/login`,
    )
    expect(sent).toBe('opaque')
    expect(await page.context().cookies(login)).toEqual([])
  })
})

async function frameIn(page: Page, path: string): Promise<Frame> {
  const frame = await page.evaluateHandle((src) => {
    const frame = document.createElement('iframe')
    frame.src = src
    frame.width = '900'
    frame.height = '700'
    document.body.append(frame)
    return frame
  }, login + path)
  const inside = await frame.contentFrame()
  if (inside === null) throw new Error('no frame')
  return inside
}

/** Has the phone be where nobody knows whether it is near, so that digits are asked for. */
async function confirmFromAfar(token: string): Promise<void> {
  const phone = await createPhone(service.url, login)
  const afar = { headers: { 'x-forwarded-for': '192.0.2.7' } }
  await phone.post('/login/scan', { token }, afar)
  expect((await phone.post('/login/confirm', { token }, afar)).json.status).toBe('match_required')
}

/** A field of the application's own. */
async function fieldIn(page: Page): Promise<Locator> {
  await page.evaluate(() => document.body.append(document.createElement('input')))
  return page.locator('input')
}

const told = (page: Page) => page.waitForFunction(() => document.title.startsWith('['))

describe('the login page in a frame', () => {
  test('signs in, tells the application that it did, and says so at once to who comes again', async () => {
    const page = await openAt(listed)
    const first = await frameIn(page, '/embed')
    await approveAt(await readToken(first))
    await told(page)
    expect(await page.title()).toBe(`${JSON.stringify([login, { type: 'scanin.signed-in' }])} 1`)
    // That the page goes on in a moment is said where it does.
    await sees(first, '#status', /^\s*Signed in as \u2068Demo Person\u2069\s*$/)
    expect((await ask(page, 'GET', '/session')).json.user.id).toBe('demo')

    await page.reload()
    // An application that says where from to nobody says it here.
    await page.evaluate(() => {
      const policy = document.createElement('meta')
      Object.assign(policy, { name: 'referrer', content: 'no-referrer' })
      document.head.append(policy)
    })
    const again = await frameIn(page, `/embed?parent=${encodeURIComponent(listed)}`)
    await told(page)
    await sees(again, '#status', 'Signed in as \u2068Demo Person\u2069.')
    expect(await again.locator('#user-code button').isVisible()).toBe(false)
  })

  test('tells once more the application that asks, and nothing before somebody is signed in', async () => {
    const page = await openAt(listed)
    const token = await readToken(await frameIn(page, '/embed'))
    const send = (...messages: unknown[]) =>
      page.evaluate(
        ([messages, origin]) => {
          for (const message of messages) window.frames[0]?.postMessage(message, origin)
        },
        [messages, login] as const,
      )
    // Messages come one after the other: of those before, it has been told by the time that it is told of the last.
    const heard = (count: number) => page.waitForFunction((count) => document.title.endsWith(` ${count}`), count)
    const ask = { type: 'scanin.ask' }
    await send(ask)
    await approveAt(token)
    await heard(1)
    await send(null, 'scanin.ask', { type: 'scanin.signed-in' }, ask)
    await heard(2)
    await page.reload()
    await frameIn(page, '/embed')
    await heard(1)
    await send(ask)
    await heard(2)
    expect(await page.title()).toBe(`${JSON.stringify([login, { type: 'scanin.signed-in' }])} 2`)
  })

  test('says to whoever builds the application that it knows nobody to tell', async () => {
    visitors.await(/cannot tell who frames/)
    const page = await openAt(listed)
    await page.evaluate(() => {
      document.head.innerHTML = '<meta name="referrer" content="no-referrer"><title>An application</title>'
    })
    const said = page.waitForEvent('console', (message) => message.text().includes('?parent=https://'))
    const frame = await frameIn(page, '/embed')
    await approveAt(await readToken(frame))
    expect((await said).type()).toBe('warning')
    expect(await page.title()).toBe('An application')
  })

  test('takes the focus out of no field of the application, whatever it has to show', async () => {
    const page = await openAt(listed)
    const [field, frame] = [await fieldIn(page), await frameIn(page, '/embed')]
    const token = await readToken(frame)
    let answer: () => Promise<void> = async () => undefined
    const asked = new Promise<void>((resolve) => {
      void page.route('**/login/user-code', (route) => {
        answer = () => route.continue()
        resolve()
      })
    })
    await frame.locator('#user-code button').click()
    await asked
    await field.focus()
    await answer()
    await frame.locator('#user-code output').waitFor()
    await page.keyboard.type('Ada Lovelace, ')
    await confirmFromAfar(token)
    await frame.locator('#match-form').waitFor()
    await page.keyboard.type('030 123456')
    expect(await field.inputValue()).toBe('Ada Lovelace, 030 123456')
    expect(await frame.locator('#match-code').inputValue()).toBe('')
  })

  test('puts the focus where it goes on if it is in the frame', async () => {
    const page = await openAt(listed)
    const frame = await frameIn(page, '/embed')
    const token = await readToken(frame)
    await frame.locator('#user-code button').click()
    await frame.locator('#copy-code:focus').waitFor()
    await confirmFromAfar(token)
    await frame.locator('#match-code:focus').waitFor()
  })

  test('is shown by a page that is isolated from others', async () => {
    const page = await openAt(listed + ISOLATED)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    await approveAt(await readToken(await frameIn(page, '/embed')))
    await told(page)
    expect((await ask(page, 'GET', '/session')).json.user.id).toBe('demo')
  })

  test('goes by where it is asked from where what it is named is no origin', async () => {
    const page = await openAt(listed)
    await approveAt(await readToken(await frameIn(page, '/embed?parent=')))
    await told(page)
    for (const parent of [new URL(listed).hostname, new URL(listed).host, 'about:blank']) {
      await page.reload()
      await frameIn(page, `/embed?parent=${encodeURIComponent(parent)}`)
      await told(page)
    }
  })

  test('tells nobody else than the application that it is named', async () => {
    visitors.await(/postMessage.*target origin provided/)
    const page = await openAt(listed)
    const frame = await frameIn(page, `/embed?parent=${encodeURIComponent(sibling)}`)
    await approveAt(await readToken(frame))
    await frame.locator('[data-state="authenticated"]').waitFor()
    expect(await page.title()).toBe('An application')
  })

  test('is shown in no frame of an origin that is not listed, and no other page in any', async () => {
    visitors.await(/frame-ancestors/, /X-Frame-Options/, /ERR_BLOCKED_BY_RESPONSE/)
    const [foreign, own] = [await openAt(sibling), await openAt(listed)]
    const frames = [await frameIn(foreign, '/embed')]
    for (const path of ['/', '/scan', '/home']) frames.push(await frameIn(own, path))
    for (const frame of frames) {
      await frame.waitForURL('chrome-error://**')
      expect(await frame.locator('main').count()).toBe(0)
    }
  })

  test('of another site says that its cookies are kept from it', async () => {
    const page = await openAt(elsewhere)
    const frame = await frameIn(page, '/embed')
    await sees(frame, '#status', /cookies/i)
    expect((await ask(page, 'POST', '/login', {})).status).toBe(201)
    expect(await page.context().cookies(login)).toEqual([])
  })
})
