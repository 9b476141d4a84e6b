import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from './service.mjs'

/** The parts of the pages' scripts that need no page. */
export async function loadWebClient() {
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

/**
 * A browser's whole login, by the pages' own poller.
 * @param onLogin called with the login's token, for whoever scans it
 * @returns the pages' API, which has the session's cookie, and how many requests it took
 */
export async function signInBrowser({ poll, createApi, pageClock }, origin, onLogin) {
  const jar = new Map()
  const sent = { requests: 0 }
  const api = createApi({
    fetch: async (path, options) => {
      sent.requests++
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const reply = await fetch(origin + path, { ...options, headers: { ...options.headers, cookie } })
      for (const line of reply.headers.getSetCookie()) jar.set(...line.split(';')[0].split('='))
      return reply
    },
  })
  const login = await api.startLogin({})
  onLogin(login.token)
  const refusal = await poll({
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
  if (refusal !== undefined) throw refusal
  return { api, sent }
}
