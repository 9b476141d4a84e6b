import { Redis } from 'ioredis'
import { temporaryFolder } from './folders.mjs'
import { freePort } from './ports.mjs'
import { LOAD_CORE, start, untilReady } from './processes.mjs'

/** A real Redis on loopback that keeps nothing. It runs beside the load, since the server's core is measured. */
export async function startRedis(others = []) {
  const port = await freePort()
  const place = ['--port', port, '--bind', '127.0.0.1', '--dir', temporaryFolder()]
  const args = [...place, '--save', '', '--appendonly', 'no', '--maxclients', '20000', ...others]
  const process_ = start(LOAD_CORE, process.env.REDIS_SERVER ?? 'redis-server', args.map(String))
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  // However Redis ends, the client must not try to reach it for ever.
  void process_.exited.then(() => client.disconnect())
  await untilReady(process_, () => client.status === 'ready')
  return {
    port,
    pid: process_.pid,
    url: `redis://127.0.0.1:${port}`,
    client,
    async stop() {
      client.disconnect()
      await process_.stop()
    },
  }
}

/** How often a command was called so far. */
export async function callsOf(client, command) {
  const [, calls] = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await client.info('commandstats')) ?? []
  return Number(calls ?? 0)
}
