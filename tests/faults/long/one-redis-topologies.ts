import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { argumentsOf, makeRedisTls } from '../../support/redis-tls.ts'
import { type Fault, faultsAt, PEACE } from '../stage/fault.ts'
import { INSTANCE_FAULTS } from '../stage/instance-faults.ts'
import { startInstances } from '../stage/instances.ts'
import { type OneRedis, type OneRedisOptions, startOneRedis } from '../stage/one-redis.ts'
import { EMPTIED, LINE_FAULTS, SERVER_FAULTS } from '../stage/redis-faults.ts'
import { CROWD, type Place, type Topology } from './topology.ts'

const PASSWORD = 'a password / with # in it'

export const ONE_REDIS: Topology = {
  name: 'one Redis',
  start: () => placeOf({}, [...SERVER_FAULTS, ...LINE_FAULTS, EMPTIED]),
}

export const BY_TLS: Topology = {
  name: 'one Redis by TLS with a password',
  async start() {
    const tls = makeRedisTls('IP:127.0.0.1')
    const target = await freePort()
    const args = [...argumentsOf(tls.configuration(target)), '--requirepass', PASSWORD]
    const env = (port: number) => ({
      REDIS_URL: `rediss://127.0.0.1:${port}`,
      REDIS_PASSWORD: PASSWORD,
      NODE_EXTRA_CA_CERTS: tls.certificate,
    })
    return placeOf({ args, target, env, password: PASSWORD }, [...SERVER_FAULTS, ...LINE_FAULTS])
  },
}

export const BY_SOCKET: Topology = {
  name: 'one Redis by a socket of the file system',
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'scanin-socket-'))
    const socket = join(folder, 'redis.sock')
    const env = () => ({ REDIS_URL: `unix:${socket}` })
    const place = await placeOf({ args: ['--unixsocket', socket], env }, SERVER_FAULTS)
    return ending(place, () => rmSync(folder, { recursive: true, force: true }))
  },
}

async function placeOf(options: OneRedisOptions, faults: readonly Fault<OneRedis>[]): Promise<Place> {
  const redis = await startOneRedis(options)
  const instances = await startInstances(2, redis.env, CROWD)
  return {
    instances,
    faults: [PEACE, ...faultsAt(redis, faults), ...faultsAt(instances, INSTANCE_FAULTS)],
    async stop() {
      await instances.stop()
      await redis.stop()
    },
  }
}

function ending(place: Place, end: () => void): Place {
  return {
    ...place,
    async stop() {
      await place.stop()
      end()
    },
  }
}
