// A process of its own on the load's core: more browsers than the service can answer every two seconds, each keeping to
// what it is told, and a phone that confirms for some of them. Then most of them leave.
// Argument: a file with {port, publicUrl, logins, stay, arriveOverMs, settleMs, changes, changesPerSecond, longestReturnMs};
// prints a line of JSON a second, and at its end RESULT and what came of it.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { waitObediently } from './obedient-polls.mjs'

const order = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const startedAt = performance.now()
const statuses = {}
const sentAt = new Map()
const millis = []
const seconds = []
let second = { polls: 0, told: 0, toldInterval: 0 }

function join(login) {
  return waitObediently(order, login, (httpStatus, { status, hold, interval, code }) => {
    const answer = code === undefined ? httpStatus : `${httpStatus} ${code}`
    statuses[answer] = (statuses[answer] ?? 0) + 1
    second.polls++
    if (hold !== undefined) Object.assign(second, { told: hold, toldInterval: interval })
    if (status !== 'authenticated') return
    millis.push(performance.now() - sentAt.get(login.loginId))
    sentAt.delete(login.loginId)
  })
}

function confirm({ loginId, token, phoneCookie }) {
  sentAt.set(loginId, performance.now())
  const headers = { 'content-type': 'application/json', cookie: phoneCookie, origin: order.publicUrl }
  const outgoing = request({ port: order.port, path: '/login/confirm', method: 'POST', agent, headers }, (reply) => {
    statuses[`confirm ${reply.statusCode}`] = (statuses[`confirm ${reply.statusCode}`] ?? 0) + 1
    reply.resume()
  })
  outgoing.on('error', (error) => console.error(error))
  outgoing.end(JSON.stringify({ token }))
}

const reporting = setInterval(() => {
  seconds.push({ at: Math.round((performance.now() - startedAt) / 1000), ...second })
  console.log(JSON.stringify(seconds.at(-1)))
  second = { ...second, polls: 0 }
}, 1000)

const crowd = []
for (const [at, login] of order.logins.entries()) {
  const left = startedAt + (at / order.logins.length) * order.arriveOverMs - performance.now()
  if (left > 0) await pause(left)
  crowd.push(join(login))
}
const arrivedAt = seconds.length
await pause(order.settleMs)
const settled = { ...second, polls: seconds.at(-1).polls }
for (const login of order.logins.filter(({ phoneCookie }) => phoneCookie)) {
  confirm(login)
  await pause(1000 / order.changesPerSecond)
}
for (const end = performance.now() + 30_000; sentAt.size > 0 && performance.now() < end; ) await pause(50)

for (const browser of crowd.slice(order.stay)) browser.stop()
const leftAt = performance.now()
while (second.told > 2 && performance.now() < leftAt + order.longestReturnMs) await pause(200)
const returnSeconds = (performance.now() - leftAt) / 1000
clearInterval(reporting)
const most = Math.max(...seconds.slice(arrivedAt).map(({ polls }) => polls))
console.log(
  `RESULT ${JSON.stringify({ statuses, millis, lost: sentAt.size, most, settled, returned: second.told, returnSeconds })}`,
)
process.exit(0)
