// node-oidc-provider on Redis, with the Redis adapter's commands that its documentation shows: its device flow, and refresh
// tokens of an application's, of which it makes `REFRESHING` and says them.
import { Redis } from 'ioredis'
import { Provider } from 'oidc-provider'
import { THE_WEB } from '../parts/applications.mjs'

const redis = new Redis(process.env.REDIS_URL)
const CONSUMED_ONCE = ['AuthorizationCode', 'RefreshToken', 'DeviceCode']
const OF_A_GRANT = ['AccessToken', ...CONSUMED_ONCE]
const REFRESH_SECONDS = 3600

class RedisAdapter {
  constructor(name) {
    this.name = name
  }
  keyOf(id) {
    return `oidc:${this.name}:${id}`
  }
  async upsert(id, payload, expiresIn) {
    const key = this.keyOf(id)
    const multi = redis.multi()
    if (CONSUMED_ONCE.includes(this.name)) multi.hset(key, { payload: JSON.stringify(payload) })
    else multi.set(key, JSON.stringify(payload))
    multi.expire(key, expiresIn)
    if (OF_A_GRANT.includes(this.name) && payload.grantId) {
      const grantKey = `oidc:grant:${payload.grantId}`
      multi.rpush(grantKey, key)
      if (expiresIn > (await redis.ttl(grantKey))) multi.expire(grantKey, expiresIn)
    }
    if (payload.userCode) multi.set(`oidc:userCode:${payload.userCode}`, id, 'EX', expiresIn)
    await multi.exec()
  }
  async find(id) {
    const key = this.keyOf(id)
    if (!CONSUMED_ONCE.includes(this.name)) {
      const text = await redis.get(key)
      return text === null ? undefined : JSON.parse(text)
    }
    const { payload, ...others } = await redis.hgetall(key)
    return payload && { ...others, ...JSON.parse(payload) }
  }
  async findByUserCode(userCode) {
    const id = await redis.get(`oidc:userCode:${userCode}`)
    return id === null ? undefined : this.find(id)
  }
  async consume(id) {
    await redis.hset(this.keyOf(id), 'consumed', Math.floor(Date.now() / 1000))
  }
  async destroy(id) {
    await redis.del(this.keyOf(id))
  }
}

const provider = new Provider(`http://127.0.0.1:${process.env.PORT}`, {
  adapter: RedisAdapter,
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: false } },
  clients: [
    {
      client_id: 'device',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [],
      response_types: [],
    },
    {
      ...THE_WEB,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  rotateRefreshToken: true,
  ttl: { DeviceCode: 3600, Grant: REFRESH_SECONDS, RefreshToken: REFRESH_SECONDS, AccessToken: 3600, IdToken: 3600 },
  cookies: { keys: ['bench'] },
})

/** A refresh token as the token endpoint makes it for a code, of somebody who has consented. */
async function refreshTokenFor(accountId) {
  const client = await provider.Client.find(THE_WEB.client_id)
  const scope = 'openid profile offline_access'
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(scope)
  const grantId = await grant.save()
  const authTime = Math.floor(Date.now() / 1000)
  return new provider.RefreshToken({ accountId, client, grantId, scope, authTime, gty: 'authorization_code' }).save()
}

const refreshTokens = []
for (let at = 0; at < Number(process.env.REFRESHING ?? 0); at++) {
  refreshTokens.push(await refreshTokenFor(`person-${at}`))
}
provider.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`REFRESH TOKENS ${JSON.stringify(refreshTokens)}`)
  console.log('listening')
})
