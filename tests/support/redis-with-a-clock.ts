import { connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { freePort } from './free-port.ts'
import { startRedis } from './redis-server.ts'

/** A real Redis whose clock can be set ahead, as far as whoever asks it for the time can tell. */
export interface RedisWithAClock {
  url: string
  port: number
  /** Seconds from the right time. Not back: Redis forgets by its real clock. */
  setAhead(seconds: number): void
  stop(): Promise<void>
}

/** Redis's reply to `TIME`, which is changed on the way: libfaketime does not get on with Redis's allocator. */
const TIME_REPLY = /\*2\r\n\$10\r\n(\d{10})\r\n(?=\$\d\r\n\d{1,6}\r\n)/g

export async function startRedisWithAClock(): Promise<RedisWithAClock> {
  const redis = await startRedis()
  const open = new Set<Socket>()
  let ahead = 0

  const changed = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const text = chunk.toString('latin1')
        const told = text.replace(TIME_REPLY, (_all, seconds) => `*2\r\n$10\r\n${Number(seconds) + ahead}\r\n`)
        done(null, Buffer.from(told, 'latin1'))
      },
    })

  const server = createServer((near) => {
    const far = connect(redis.port, '127.0.0.1')
    near.pipe(far)
    far.pipe(changed()).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    setAhead(seconds) {
      ahead = seconds
    },
    async stop() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await redis.stop()
    },
  }
}
