// A process of its own on the load's core: applications that refresh their tokens again and again, one after the other.
// Argument: a file with {port, path, seconds, fields, refreshTokens}, one token an application; prints RESULT, with the
// tokens that they have in the end.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

const { port, path, seconds, fields, refreshTokens } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const agent = new Agent({ keepAlive: true, maxSockets: refreshTokens.length })
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

async function refreshOn(first) {
  let token = first
  while (performance.now() < startedAt + seconds * 1000) {
    const since = performance.now()
    const form = new URLSearchParams({ ...fields, grant_type: 'refresh_token', refresh_token: token })
    const reply = await post(form.toString())
    millis.push(performance.now() - since)
    token = reply.refresh_token ?? token
  }
  return token
}

const tokens = await Promise.all(refreshTokens.map(refreshOn))
const perSecond = (millis.length / (performance.now() - startedAt)) * 1000
console.log(`RESULT ${JSON.stringify({ requests: millis.length, perSecond, millis, tokens })}`)
process.exit(0)
