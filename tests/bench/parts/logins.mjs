import { join } from 'node:path'
import { rawRequest } from '../load/wrk.mjs'
import { ROOT } from './service.mjs'
import '../../support/typescript.mjs'

/** How a version of ScanIn makes the secrets of a login, and writes it down. */
async function wordsOf(root) {
  const source = (path) => import(join(root, 'server', path))
  const { hashSecret } = await source('hashes.ts')
  const { cryptoRandomness } = await source('randomness.ts')
  const { makeBrowserKey, makeLoginId, makeQrSecret } = await source('login/token.ts')
  const { encodeLogin = (login) => login } = await source('login/login-record.ts')
  return {
    hashSecret,
    makeLoginId: () => makeLoginId(cryptoRandomness),
    makeQrSecret: () => makeQrSecret(cryptoRandomness),
    makeBrowserKey: () => makeBrowserKey(cryptoRandomness),
    textOf: (login) => JSON.stringify(encodeLogin(login)),
  }
}

const words = await wordsOf(ROOT)

const A_PIPELINE = 2000
const LIFE_MS = 3_600_000
const ASKED_AT_ONCE = 32

/** A pending login as the service makes it, with the secrets that its browser has. */
export function makeLogin({ makeLoginId, makeQrSecret, makeBrowserKey, hashSecret } = words) {
  const loginId = makeLoginId()
  const secret = makeQrSecret()
  const browserKey = makeBrowserKey()
  const createdAt = Date.now()
  const login = {
    status: 'pending',
    createdAt,
    expiresAt: createdAt + LIFE_MS,
    browserKeyHash: hashSecret(browserKey),
    qrSecrets: [{ hash: hashSecret(secret) }],
    browser: { name: 'Chrome', os: 'Windows' },
    ip: '203.0.113.77',
  }
  return { loginId, token: `${loginId}.${secret}`, browserKey, login }
}

export function keyOf(loginId) {
  return `scanin:login:${loginId}`
}

/** A record as the store keeps it. */
export function textOf(login) {
  return words.textOf(login)
}

/** The login once a phone has scanned it. */
export function scanned(login) {
  return { ...login, status: 'scanned', phone: { id: 'a phone', user: { id: 'ann', name: 'Ann' } }, match: 'none' }
}

/** Puts so many pending logins into Redis, as the service built in `root` writes them, only faster than its API would. */
export async function createLogins(redis, count, root = ROOT) {
  const own = root === ROOT ? words : await wordsOf(root)
  const logins = []
  while (logins.length < count) {
    const pipeline = redis.client.pipeline()
    const some = Array.from({ length: Math.min(A_PIPELINE, count - logins.length) }, () => makeLogin(own))
    for (const { loginId, login } of some) pipeline.set(keyOf(loginId), own.textOf(login), 'PXAT', login.expiresAt)
    for (const [error] of await pipeline.exec()) if (error) throw error
    logins.push(...some)
  }
  return logins
}

/** As `createLogins`, by the services' own API: for a store to which no other process can write. */
export async function askForLogins(services, count) {
  const logins = []
  let asked = 0
  const askInTurn = async () => {
    while (asked < count) logins.push(await askForLogin(services[asked++ % services.length]))
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askInTurn))
  return logins
}

async function askForLogin({ url }) {
  const reply = await fetch(`${url}/login`, { method: 'POST' })
  if (reply.status !== 201) throw new Error(`/login: ${reply.status} ${await reply.text()}`)
  const { token } = await reply.json()
  const [name, browserKey] = reply.headers.getSetCookie()[0].split(';')[0].split('=')
  return { loginId: name.replace('scanin_', ''), token, browserKey }
}

/** One poll of a login by its own browser, with the headers that a browser sends. */
export function pollRequest({ loginId, token, browserKey }, query = '') {
  return rawRequest('GET', `/login/status/${token}${query}`, {
    accept: 'application/json',
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0',
    cookie: `scanin_${loginId}=${browserKey}`,
  })
}

/** Checks that the right thing is measured: these logins are pending, for their browsers. */
export async function checkPending({ url }, logins) {
  for (let tries = 0; tries < 20; tries++) {
    const { loginId, token, browserKey } = logins[Math.floor(Math.random() * logins.length)]
    const reply = await fetch(`${url}/login/status/${token}`, {
      headers: { cookie: `scanin_${loginId}=${browserKey}` },
    })
    const body = await reply.json()
    if (body.status !== 'pending') throw new Error(`a login is ${reply.status} ${JSON.stringify(body)}`)
  }
}
