import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Connection, poll } from '../../web/src/poll/poller.ts'
import { createApi } from '../../web/src/wire/api.ts'
import { pageClock } from '../../web/src/wire/clock.ts'
import type { BrowserReply } from '../../web/src/wire/protocol.ts'
import { freePort } from '../support/free-port.ts'
import { createPhone } from '../support/http-client.ts'
import { approve } from '../support/login-flow.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { type Service, startService } from '../support/service.ts'

/** Proxies as people have them. Each stands for a way in which a held poll, or a poll at all, has been seen to fail. */
const PROXIES = {
  'with little patience': (upstream: number) => `location / {
    proxy_pass http://127.0.0.1:${upstream}; proxy_set_header Host $http_host;
    proxy_read_timeout 4s; proxy_next_upstream off;
  }`,
  'that caches whatever it may': (upstream: number) => `location / {
    proxy_pass http://127.0.0.1:${upstream}; proxy_set_header Host $http_host;
    proxy_cache everything; proxy_cache_valid 200 10m; proxy_cache_lock on;
  }`,
  'that gzips': (upstream: number) => `gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
  location / { proxy_pass http://127.0.0.1:${upstream}; proxy_set_header Host $http_host; }`,
  'that refuses Upgrade': (upstream: number) => `if ($http_upgrade) { return 403; }
  location / { proxy_pass http://127.0.0.1:${upstream}; proxy_set_header Host $http_host; proxy_http_version 1.0; }`,
}

describe.each(Object.entries(PROXIES))('behind an nginx %s', (name, locations) => {
  const isImpatient = name === 'with little patience'
  const holdSeconds = isImpatient ? 8 : 2
  let nginx: Nginx
  let service: Service

  beforeAll(async () => {
    const upstream = await freePort()
    nginx = await startNginx((port, folder) => {
      mkdirSync(`${folder}/cache`)
      return `proxy_cache_path ${folder}/cache keys_zone=everything:1m;
        server { listen 127.0.0.1:${port}; ${locations(upstream)} }`
    })
    service = await startService({
      PORT: String(upstream),
      PUBLIC_URL: nginx.url,
      POLL_INTERVAL_SECONDS: '1',
      POLL_HOLD_SECONDS: String(holdSeconds),
    })
  })

  afterAll(async () => {
    await service.stop()
    await nginx.stop()
  })

  test('the page ends signed in, with one poll at a time', async () => {
    const page = createPage(nginx.url)
    const login = await page.api.startLogin({})
    const signedIn = page.wait(login)
    // Long enough for a held poll to be cut twice, and for polls without a hold after that.
    await page.untilPolled(4)
    await approve(await createPhone(service.url, nginx.url), login.token)
    expect(await signedIn).toBeUndefined()
    expect(page.statuses().slice(-1)).toEqual(['authenticated'])
    expect(page.mostAtOnce()).toBe(1)
    expect((await page.fetch('/session')).status).toBe(200)
    expect(page.waits().slice(-1)).toEqual([isImpatient ? 0 : holdSeconds])
    expect(page.connections()).toEqual(isImpatient ? ['reconnecting', 'steady', 'reconnecting', 'steady'] : [])
  })
})

/** A page as a browser runs it: its own client, fetching through a cookie jar. */
function createPage(origin: string) {
  const jar = new Map<string, string>()
  const waits: number[] = []
  const statuses: string[] = []
  const connections: Connection[] = []
  let polled = () => undefined as unknown
  let open = 0
  let mostOpen = 0

  const fetchAsBrowser: typeof fetch = async (path, options) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...Object.fromEntries(new Headers(options?.headers)), origin, cookie }
    const reply = await fetch(`${origin}${path}`, { ...options, headers })
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    return reply
  }
  const api = createApi({ fetch: fetchAsBrowser })

  return {
    api,
    fetch: fetchAsBrowser,
    mostAtOnce: () => mostOpen,
    waits: () => waits,
    statuses: () => statuses,
    connections: () => connections,
    untilPolled(times: number): Promise<void> {
      return new Promise((resolve) => {
        polled = () => waits.length >= times && resolve()
      })
    },
    wait({ token, ...login }: { token: string; status: string; intervalSeconds: number; holdSeconds: number }) {
      return poll<BrowserReply>({
        async ask({ seen, waitSeconds, signal }) {
          waits.push(waitSeconds)
          polled()
          mostOpen = Math.max(mostOpen, ++open)
          try {
            return await api.loginStatus({ token, seen, waitSeconds, signal })
          } finally {
            open--
          }
        },
        isFinal: ({ status }) => status === 'authenticated' || status === 'denied' || status === 'expired',
        onReply: ({ status }) => statuses.push(status),
        onConnection: (connection) => connections.push(connection),
        seen: login.status,
        pacing: login,
        clock: pageClock,
        random: Math.random,
        wake: { onWake: () => () => undefined },
        signal: new AbortController().signal,
      })
    },
  }
}
