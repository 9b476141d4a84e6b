// What the token endpoint costs: refreshes, each by the token that the one before gave, with an ID token signed for
// each. Beside it stand bare node-oidc-provider, on which ScanIn's is built, a created login with its QR drawn, and the
// floor.
import { createHash } from 'node:crypto'
import { load, rawRequest, writeRequests } from '../load/wrk.mjs'
import { applicationsEnv, THE_WEB } from '../parts/applications.mjs'
import { createLogins, pollRequest } from '../parts/logins.mjs'
import { writePeople } from '../parts/people.mjs'
import { signInPhone } from '../parts/phone.mjs'
import { startRedis } from '../parts/redis.mjs'
import { redisCosts, redisUse } from '../parts/redis-use.mjs'
import { loadRefreshes } from '../parts/refreshes.mjs'
import { PASSWORD, startScanIn, startServer } from '../parts/service.mjs'
import { median, pairedRatio } from '../parts/statistics.mjs'
import { codeFor } from '../parts/visitors.mjs'

const PATH = '/oauth/token'
const VERIFIER = 'a-code-verifier-of-more-than-43-characters-as-rfc-7636-wants'
const FLOOR_LOGINS = 1000
const WARM_UP_SECONDS = 4

/**
 * @param people each has one application that refreshes its tokens: as many as it takes for none to be slowed down
 * @param atOnce how many refresh at once
 */
export async function measureToken({ people, atOnce, rounds, seconds }) {
  const redis = await startRedis()
  const own = { ACCOUNTS_FILE: await writePeople(people, PASSWORD), DEMO_PASSWORD: '' }
  const scanIn = await startScanIn(redis, { env: { ...applicationsEnv(), ...own } })
  const floor = await startServer('floor', { REDIS_URL: redis.url })
  const oidc = await startServer('oidc-provider', { REDIS_URL: redis.url, REFRESHING: String(people) })
  const refreshTokens = []
  for (let at = 0; at < people; at++) refreshTokens.push(await refreshTokenOf(scanIn, `person-${at}`))
  const creations = writeRequests([rawRequest('POST', '/login', { accept: 'application/json' })])
  const polls = writeRequests((await createLogins(redis, FLOOR_LOGINS)).map((login) => pollRequest(login)))

  function refreshing(server, path, first) {
    const fields = { client_id: THE_WEB.client_id, client_secret: THE_WEB.client_secret }
    let tokens = first
    return async (options) => {
      const result = await loadRefreshes(server, { path, fields, refreshTokens: tokens, atOnce, ...options })
      tokens = result.refreshTokens
      return result
    }
  }
  const sides = [
    { name: 'token refreshed', measure: refreshing(scanIn, PATH, refreshTokens), results: [] },
    { name: 'oidc-provider', measure: refreshing(oidc, '/token', refreshTokensSaid(oidc)), results: [] },
    { name: 'login created', measure: (options) => load([scanIn], creations, options), results: [] },
    { name: 'floor', measure: (options) => load([floor], polls, options), results: [] },
  ]
  for (const { measure } of sides) await measure({ seconds: WARM_UP_SECONDS })
  for (let round = 0; round < rounds; round++) {
    for (const { measure, results } of sides) {
      const before = await redisUse([redis])
      const result = await measure({ seconds })
      results.push({ ...result, ...redisCosts(before, await redisUse([redis]), result.requests) })
    }
  }
  for (const server of [scanIn, oidc, floor]) await server.stop()
  await redis.stop()
  return sides.map(({ name, results }) => rowOf(name, results, sides))
}

function rowOf(name, results, [, , created, floor]) {
  const all = (field, of = results) => of.map((result) => result[field])
  return {
    name,
    perSecond: median(all('perSecond')),
    cpuMicros: median(all('cpuMicros')),
    ofCreationCpu: pairedRatio(all('cpuMicros'), all('cpuMicros', created.results)),
    ofFloorCpu: pairedRatio(all('cpuMicros'), all('cpuMicros', floor.results)),
    p99Ms: median(all('p99Ms')),
    redisCpuMicros: median(all('redisCpuMicros')),
    redisCommands: median(all('redisCommands')),
  }
}

/** The refresh tokens that the bare provider has made and printed: nobody could sign in there. */
function refreshTokensSaid(oidc) {
  return JSON.parse(/REFRESH TOKENS (.*)/.exec(oidc.stdout())[1])
}

async function refreshTokenOf(server, username) {
  const { client_id, client_secret, redirect_uris } = THE_WEB
  const [redirect_uri] = redirect_uris
  const code = await codeFor(server, await signInPhone(server, username), {
    ...{ client_id, redirect_uri, response_type: 'code', scope: 'openid profile offline_access', state: 'a state' },
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const body = new URLSearchParams({
    ...{ grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri },
    ...{ client_id, client_secret },
  })
  const reply = await fetch(server.url + PATH, { method: 'POST', body })
  const { refresh_token, error } = await reply.json()
  if (refresh_token === undefined) throw new Error(`no refresh token: ${error}`)
  return refresh_token
}
