// node-oidc-provider's device flow on Redis, with the Redis adapter's commands that its documentation shows.
import { Redis } from 'ioredis'
import { Provider } from 'oidc-provider'

const redis = new Redis(process.env.REDIS_URL)

class RedisAdapter {
  constructor(name) {
    this.name = name
  }
  keyOf(id) {
    return `oidc:${this.name}:${id}`
  }
  async upsert(id, payload, expiresIn) {
    const multi = redis.multi().set(this.keyOf(id), JSON.stringify(payload), 'EX', expiresIn)
    if (payload.userCode) multi.set(`oidc:userCode:${payload.userCode}`, id, 'EX', expiresIn)
    await multi.exec()
  }
  async find(id) {
    const text = await redis.get(this.keyOf(id))
    return text === null ? undefined : JSON.parse(text)
  }
  async findByUserCode(userCode) {
    const id = await redis.get(`oidc:userCode:${userCode}`)
    return id === null ? undefined : this.find(id)
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
  ],
  ttl: { DeviceCode: 3600 },
  cookies: { keys: ['bench'] },
})

provider.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'))
