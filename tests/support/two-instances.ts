import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startNginx } from './nginx.ts'
import { startRedis } from './redis-server.ts'
import { type Service, startService } from './service.ts'

export interface TwoInstances {
  /** The proxy's, which is the public URL. */
  url: string
  /** The instances' own. */
  instances: string[]
  /** Stops one as a deployment does, waits for its end, and starts it anew. @returns its exit code */
  restart(at: number): Promise<number | null>
  stop(): Promise<void>
}

/**
 * Two instances on one Redis, behind an nginx that sends each request to the one whose turn it is.
 * @param start `startServiceProcess` for what is about processes
 */
export async function startTwoInstances(
  env: Record<string, string> = {},
  start: (env: Record<string, string>) => Promise<Service> = startService,
): Promise<TwoInstances> {
  const ports = [await freePort(), await freePort()]
  const redis = await startRedis()
  const nginx = await startNginx((port) => sampleConfiguration(port, ports))
  const startAt = (port: number | undefined) =>
    start({
      PORT: String(port),
      PUBLIC_URL: nginx.url,
      TRUST_PROXY: '127.0.0.1/32',
      REDIS_URL: redis.url,
      ...env,
    })
  const services = await Promise.all(ports.map(startAt))
  return {
    url: nginx.url,
    instances: services.map((service) => service.url),
    async restart(at) {
      const code = await services[at]?.stop()
      services[at] = await startAt(ports[at])
      return code ?? null
    },
    async stop() {
      await nginx.stop()
      await Promise.all(services.map((service) => service.stop()))
      await redis.stop()
    },
  }
}

/** The configuration that docker-compose.yml uses, with other addresses. */
export function sampleConfiguration(port: number, instances: number[]): string {
  const sample = readFileSync(join(import.meta.dirname, '../../docs/proxies/nginx.conf'), 'utf8')
  return instances.reduce(
    (text, instance, at) => text.replace(`scanin-${at + 1}:3000`, `127.0.0.1:${instance}`),
    sample.replace('listen 8080;', `listen 127.0.0.1:${port};`),
  )
}
