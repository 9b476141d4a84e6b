// What one whole login sends over the network: page's requests from the first QR to the session, counted on the wire.
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { scan, signInPhone } from '../parts/phone.mjs'
import { freePort } from '../parts/ports.mjs'
import { startRedis } from '../parts/redis.mjs'
import { ROOT, startScanIn } from '../parts/service.mjs'

/** The web client's own poller, against the service, for a person who takes so long to scan, and to confirm. */
export async function measureClientTraffic({ scanAfterMs, confirmAfterMs }) {
  const { poll, createApi, pageClock } = await loadClient()
  const redis = await startRedis()
  const port = await freePort()
  const scanIn = await startScanIn(redis, { env: { MATCH: 'never', PUBLIC_URL: `http://127.0.0.1:${port}` } })
  const wire = await countedWire(port, scanIn.port)
  const jar = new Map()
  let requests = 0

  const api = createApi({
    fetch: async (path, options) => {
      requests++
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
        ...options,
        headers: { ...options.headers, cookie },
      })
      for (const line of reply.headers.getSetCookie()) jar.set(...line.split(';')[0].split('='))
      return reply
    },
  })
  const login = await api.startLogin({})
  const phone = { url: scanIn.url, publicUrl: wire.origin }
  const phoneCookie = await signInPhone(phone)
  setTimeout(() => void scan(phone, phoneCookie, login.token), scanAfterMs)
  setTimeout(() => void confirm(phone, phoneCookie, login.token), scanAfterMs + confirmAfterMs)
  const end = await poll({
    ask: ({ seen, waitSeconds, signal }) => api.loginStatus({ token: login.token, seen, waitSeconds, signal }),
    isFinal: ({ status }) => status === 'authenticated',
    onReply: () => undefined,
    onConnection: () => undefined,
    seen: 'pending',
    pacing: login,
    clock: pageClock,
    random: Math.random,
    wake: { onWake: () => () => undefined },
    signal: new AbortController().signal,
  })
  if (end.end !== 'final') throw new Error(`the login ended as ${end.end}`)
  const { sent, received } = wire.bytes
  await scanIn.stop()
  await redis.stop()
  wire.stop()
  return { seconds: (scanAfterMs + confirmAfterMs) / 1000, requests, sentBytes: sent, receivedBytes: received }
}

/** Those of the pages' parts that need no page. */
async function loadClient() {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { poll } from './poll/poller.ts'
        export { createApi } from './wire/api.ts'
        export { pageClock } from './wire/clock.ts'`,
      resolveDir: join(ROOT, 'web/src'),
    },
    bundle: true,
    format: 'esm',
    write: false,
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

async function confirm({ url, publicUrl }, cookie, token) {
  const headers = { 'content-type': 'application/json', origin: publicUrl, cookie }
  const reply = await fetch(`${url}/login/confirm`, { method: 'POST', headers, body: JSON.stringify({ token }) })
  if (reply.status !== 200) throw new Error(`confirm: ${reply.status}`)
}

/** A wire that counts: whatever is written to `port` arrives at `to`. */
async function countedWire(port, to) {
  const bytes = { sent: 0, received: 0 }
  const server = createServer((near) => {
    const far = createConnection(to, '127.0.0.1')
    near.on('data', (chunk) => {
      bytes.sent += chunk.length
    })
    far.on('data', (chunk) => {
      bytes.received += chunk.length
    })
    for (const side of [near, far]) side.on('error', () => undefined)
    near.pipe(far).pipe(near)
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { bytes, origin: `http://127.0.0.1:${port}`, stop: () => server.close() }
}
