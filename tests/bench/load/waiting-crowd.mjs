// A process of its own on the load's core: a crowd of waiting browsers, and a phone that approves some of them.
// Argument: {kind, port, holdSeconds, logins, changes, changesPerSecond, publicUrl, redisUrl, delayMs?, arriveOverMs?};
// prints the milliseconds each change took. Waits for a line on standard input between getting ready and changing.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { Redis } from 'ioredis'
import { waitByPolls } from './polls.mjs'
import { waitByWebSocketLogin } from './websocket-login.mjs'
import { waitByWebSocket } from './websockets.mjs'

const order = JSON.parse(readFileSync(process.argv[2], 'utf8'))

/** Browsers arrive one after the other, as people do: if they came all at once, they would poll together every time. */
const { arriveOverMs = 2000 } = order
const SETTLE_MS = 500
const LAST_WORD_MS = 3000
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
const WAIT_BY = { held: waitByPolls, 'websocket-push': waitByWebSocket, 'websocket-login': waitByWebSocketLogin }
const sentAt = new Map()
const millis = []

/** Adds a browser to the crowd. What it is told is timed from when its change was sent. */
function join(login) {
  const onStatus = (status) => {
    const at = sentAt.get(login.loginId)
    if (at === undefined || status === 'pending') return
    sentAt.delete(login.loginId)
    millis.push(performance.now() - at)
  }
  return WAIT_BY[order.kind](order, login, onStatus)
}

function post(path, body, cookie = '') {
  const headers = { 'content-type': 'application/json', cookie, origin: order.publicUrl }
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: order.port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (reply) => {
      if (reply.statusCode !== 200) reject(new Error(`${path}: ${reply.statusCode}`))
      reply.resume().on('end', resolve)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const redis = order.change === 'publish' ? new Redis(order.redisUrl) : undefined

/** The one change that is timed. */
async function change({ loginId, token, phoneCookie, nextText }) {
  sentAt.set(loginId, performance.now())
  if (redis)
    await redis
      .multi()
      .set(`scanin:login:${loginId}`, nextText, 'KEEPTTL')
      .publish('scanin:changes', `scanin:login:${loginId} ${nextText}`)
      .exec()
  else await post('/login/confirm', JSON.stringify({ token }), phoneCookie)
}

/** Waits for the time that is `ms` after `start`, if it is still to come. */
async function until(start, ms) {
  const left = start + ms - performance.now()
  if (left > 0) await pause(left)
}

const crowd = []
const firstAt = performance.now()
for (const [at, login] of order.logins.entries()) {
  await until(firstAt, (at / order.logins.length) * arriveOverMs)
  crowd.push(join(login))
}
await Promise.all(crowd.map(({ ready }) => ready))
await pause(SETTLE_MS)
console.log('READY')
await new Promise((resolve) => process.stdin.once('data', resolve))

const chosen = order.logins
  .filter((_login, at) => at % Math.floor(order.logins.length / order.changes) === 0)
  .slice(0, order.changes)
const spacing = 1000 / order.changesPerSecond
const start = performance.now()
for (const [at, login] of chosen.entries()) {
  await until(start, at * spacing)
  change(login).catch((error) => console.error(error))
}
const end = performance.now() + LAST_WORD_MS
while (sentAt.size > 0 && performance.now() < end) await pause(20)
console.log(`RESULT ${JSON.stringify({ millis, lost: sentAt.size })}`)
for (const browser of crowd) browser.stop()
process.exit(0)
