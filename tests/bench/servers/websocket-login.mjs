// Signing in as one does it with a WebSocket: the service as it is, with its routes, checks, records and Redis, but a
// push in place of the held poll. A WebSocket cannot set a cookie, so the push says that there is something to collect.
// The browser then collects it by the usual `GET /login/status/:token`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import { ROOT } from '../parts/service.mjs'
import '../../support/typescript.mjs'

const PUSH = /^\/login\/push\/([\w-]{16})\.([\w-]{22})$/
const source = (path) => import(join(ROOT, 'server', path))
const { buildApps } = await source('app.ts')
const { readWeb } = await source('http/built-web.ts')
const { readAllConfig } = await source('config/config.ts')
const { openAccountsFile } = await source('identity/live-accounts.ts')
const { createLogger } = await source('log/logger.ts')
const { isOwn } = await source('login/hold/own-login.ts')
const { decodeLogin } = await source('login/login-record.ts')
const { cryptoRandomness } = await source('randomness.ts')
const { openStore } = await source('store/open-store.ts')
const { createStoreTroubles } = await source('store/store-troubles.ts')
const { createLoopUse } = await source('http/loop-use.ts')

const { config } = readAllConfig(process.env, '127.0.0.1', (path) => readFileSync(path, 'utf8'))
const logger = createLogger(config.logLevel)
const accounts = await openAccountsFile({ path: config.accounts.path, logger })
const { store, clock, makeLimiter, use } = await openStore({
  choice: config.store,
  keyPrefix: config.keyPrefix,
  clock: Date.now,
  wall: Date.now,
  steady: () => performance.now(),
  patienceMs: 5000,
  troubles: createStoreTroubles(config.store, config.keyPrefix),
  onError: console.error,
  onLost: console.error,
})
const { app } = await buildApps({
  config,
  store,
  storeUse: use,
  makeLimiter,
  ...accounts,
  followAccounts: accounts.follow,
  bearerVerifiers: [],
  clock,
  randomness: cryptoRandomness,
  logger,
  busySince: createLoopUse(),
  mostConnections: 150_000,
  web: readWeb(join(ROOT, 'dist/web')),
  version: '0.0.0',
})

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
app.server.on('upgrade', async (request, socket, head) => {
  const [, loginId, secret] = PUSH.exec(request.url) ?? []
  const [, browserKey] = new RegExp(`scanin_${loginId}=([\\w-]+)`).exec(request.headers.cookie ?? '') ?? []
  const login = decodeLogin((await store.read(`login:${loginId}`))?.value)
  if (login === undefined || !isOwn(login, { token: { loginId, secret }, browserKey }, clock())) {
    socket.destroy()
    return
  }
  sockets.handleUpgrade(request, socket, head, (browser) => {
    const stop = store.watch(`login:${loginId}`, (record) => {
      const status = decodeLogin(record?.value)?.status
      if (status !== undefined) browser.send(`{"status":"${status}"}`)
    })
    browser.on('close', stop)
  })
})
await app.listen({ host: '127.0.0.1', port: config.port })
console.log('listening')
