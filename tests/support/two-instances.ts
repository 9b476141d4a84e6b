import { freePort } from './free-port.ts'
import { startNginx } from './nginx.ts'
import { startRedis } from './redis-server.ts'
import { startService } from './service.ts'

export interface TwoInstances {
  /** The proxy's, which is the public URL. */
  url: string
  /** The instances' own. */
  instances: string[]
  stop(): Promise<void>
}

/** Two instances on one Redis, behind an nginx that sends each request to the one whose turn it is. */
export async function startTwoInstances(env: Record<string, string> = {}): Promise<TwoInstances> {
  const ports = [await freePort(), await freePort()]
  const redis = await startRedis()
  const nginx = await startNginx(
    (port) => `
      upstream scanin { ${ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ')} }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://scanin;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
      }`,
  )
  const services = await Promise.all(
    ports.map((port) =>
      startService({
        PORT: String(port),
        PUBLIC_URL: nginx.url,
        TRUST_PROXY: '127.0.0.1/32',
        REDIS_URL: redis.url,
        ...env,
      }),
    ),
  )
  return {
    url: nginx.url,
    instances: services.map((service) => service.url),
    async stop() {
      await nginx.stop()
      await Promise.all(services.map((service) => service.stop()))
      await redis.stop()
    },
  }
}
