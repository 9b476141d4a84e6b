// A process of its own on the load's core: browsers that wait, each keeping to what it is told, and phones that sign some
// of them in. Argument: a file with {port, lanePort?, first, publicUrl, logins, phones, arriveOverMs}.
// It prints SECOND and JSON once a second, ARRIVED, and does what a line of JSON on standard input says:
//   {"signIn": {"perSecond", "seconds"}}   prints SIGNED and what came of it
//   {"stay": count}                        all others leave
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { ownConnections, sharedConnection } from './lanes.mjs'
import { waitObediently } from './obedient-polls.mjs'

const order = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const open = order.lanePort ? sharedConnection(order.lanePort) : ownConnections(order.port, order.first)

/** How long a person reads between their phone's scan and its confirm. */
const READS_MS = 1500
const LAST_WORD_MS = 30_000
const agent = new Agent({ keepAlive: true, maxSockets: 16 })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
/** The waiting browsers, and what stops each. */
const crowd = new Map()
/** When the phone's confirm of a login was sent. */
const sentAt = new Map()
const statuses = {}
let millis = []
const second = { polls: 0, hold: 0, interval: 0 }

function count(answer) {
  statuses[answer] = (statuses[answer] ?? 0) + 1
}

function join(login) {
  const browser = waitObediently(open, login, (httpStatus, { status, hold, interval, code }) => {
    count(code === undefined ? httpStatus : `${httpStatus} ${code}`)
    second.polls++
    if (hold !== undefined) Object.assign(second, { hold, interval })
    if (status === 'pending' || status === 'scanned' || httpStatus >= 400) return
    crowd.delete(login)
    if (status !== 'authenticated') {
      count(`login ${status ?? 'cut off'}`)
      return
    }
    millis.push(performance.now() - sentAt.get(login))
    sentAt.delete(login)
  })
  crowd.set(login, browser)
}

/** @returns status, cookies and body */
function post(path, body, cookie = '') {
  const headers = { 'content-type': 'application/json', cookie, origin: order.publicUrl }
  return new Promise((resolve, reject) => {
    const outgoing = request({ port: order.port, path, method: 'POST', agent, headers }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (more) => {
        text += more
      })
      reply.on('end', () => {
        count(`${path} ${reply.statusCode}`)
        const isGood = reply.statusCode < 300
        if (isGood) resolve({ cookies: reply.headers['set-cookie'] ?? [], body: JSON.parse(text) })
        else reject(new Error(`${path}: ${reply.statusCode} ${text}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(JSON.stringify(body))
  })
}

/** Somebody new comes to the page. */
async function arrive() {
  const { cookies, body } = await post('/login', {})
  const [name, browserKey] = cookies[0].split(';')[0].split('=')
  join({ loginId: name.replace('scanin_', ''), token: body.token, browserKey })
}

/** A phone signs this browser in, and somebody else comes to the page in its place. */
async function signIn(login, phone) {
  await post('/login/scan', { token: login.token }, phone)
  await pause(READS_MS)
  sentAt.set(login, performance.now())
  await post('/login/confirm', { token: login.token }, phone)
  await arrive()
}

const commands = {
  async signIn({ perSecond, seconds }) {
    millis = []
    const chosen = [...crowd.keys()]
    const times = Math.min(chosen.length, Math.round(perSecond * seconds))
    const beganAt = performance.now()
    const begun = []
    for (let at = 0; at < times; at++) {
      await until(beganAt + (at / perSecond) * 1000)
      const login = chosen[Math.floor((at * chosen.length) / times)]
      const phone = order.phones[at % order.phones.length]
      begun.push(signIn(login, phone).catch((error) => console.error(error.message)))
    }
    await Promise.all(begun)
    for (const end = performance.now() + LAST_WORD_MS; sentAt.size > 0 && performance.now() < end; ) await pause(50)
    console.log(`SIGNED ${JSON.stringify({ millis, lost: sentAt.size })}`)
  },

  stay(staying) {
    for (const [login, browser] of [...crowd].slice(staying)) {
      browser.stop()
      crowd.delete(login)
    }
  },
}

async function until(time) {
  const left = time - performance.now()
  if (left > 0) await pause(left)
}

setInterval(() => {
  console.log(`SECOND ${JSON.stringify({ ...second, waiting: crowd.size, statuses })}`)
  second.polls = 0
}, 1000)
createInterface({ input: process.stdin }).on('line', (line) => {
  for (const [name, value] of Object.entries(JSON.parse(line))) commands[name](value)
})

const startedAt = performance.now()
for (const [at, login] of order.logins.entries()) {
  await until(startedAt + (at / order.logins.length) * order.arriveOverMs)
  join(login)
}
console.log('ARRIVED')
