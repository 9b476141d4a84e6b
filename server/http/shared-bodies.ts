import type { ReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * A hook for what `@fastify/static` sends: it reads each file whole at the first request, and all replies send the same
 * bytes. Else a client that does not read would keep a file open, or a copy in memory, beside its connection, which
 * alone is counted. Not for files that change while a service runs, nor for ranges: each would be a copy.
 */
export function shareBodies() {
  const kept = new Map<string, Promise<Buffer>>()

  function read(path: string, stream: Readable): Promise<Buffer> {
    const reading = buffer(stream)
    kept.set(path, reading)
    // One that cannot be read just now is read again.
    reading.catch(() => kept.delete(path))
    return reading
  }

  return async (_request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    if (!(payload instanceof Readable)) return payload
    const { path } = payload as ReadStream
    // No file: nothing is sent, as for HEAD.
    if (typeof path !== 'string') return payload
    const known = kept.get(path)
    // The library opens the file all the same. An error of that, which nobody else hears, would end the process.
    if (known !== undefined) payload.on('error', () => undefined).destroy()
    const body = await (known ?? read(path, payload))
    reply.header('content-length', body.length)
    return body
  }
}

/**
 * A hook that has every file sent whole, whichever version the client has. We do not say when files changed, so a date
 * in a request must be ignored (RFC 9110 §13.1.4), but the library takes any date for too early.
 */
export function sendWhole({ raw: { headers } }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  delete headers.range
  delete headers['if-match']
  delete headers['if-unmodified-since']
  done()
}
