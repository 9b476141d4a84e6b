// A process of its own on the load's core: so many at once who refresh tokens, each of its own in turn, for one session is
// given only so many in a minute. Argument: a file with {port, path, seconds, fields, refreshTokens, atOnce}, one token a
// session; prints RESULT, with the tokens that there are in the end.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

const { port, path, seconds, fields, refreshTokens, atOnce } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
const headers = { 'content-type': 'application/x-www-form-urlencoded' }
const millis = []
const startedAt = performance.now()

function post(body) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (reply) => {
      let text = ''
      reply.on('data', (chunk) => {
        text += chunk
      })
      reply.on('end', () => {
        if (reply.statusCode === 200) resolve(JSON.parse(text))
        else reject(new Error(`${path}: ${reply.statusCode} ${text}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function refreshOn(own) {
  for (let turn = 0; performance.now() < startedAt + seconds * 1000; turn = (turn + 1) % own.length) {
    const since = performance.now()
    const form = new URLSearchParams({ ...fields, grant_type: 'refresh_token', refresh_token: own[turn] })
    const reply = await post(form.toString())
    millis.push(performance.now() - since)
    own[turn] = reply.refresh_token ?? own[turn]
  }
  return own
}

const shares = Array.from({ length: atOnce }, (_, lane) => refreshTokens.filter((_token, at) => at % atOnce === lane))
const tokens = (await Promise.all(shares.map(refreshOn))).flat()
const perSecond = (millis.length / (performance.now() - startedAt)) * 1000
console.log(`RESULT ${JSON.stringify({ requests: millis.length, perSecond, millis, tokens })}`)
process.exit(0)
