import type { ReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * A hook for what `@fastify/static` sends: each file is read whole when somebody first asks for it, and all replies send the
 * same bytes. A file that waits for who does not read would stay open, or be a copy, beside the connection that was
 * counted. Files that change while a service runs are not for it; nor are ranges, each of which would be a copy.
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
    // It is being opened all the same, and where that fails nobody else would hear of it.
    if (known !== undefined) payload.on('error', () => undefined).destroy()
    const body = await (known ?? read(path, payload))
    reply.header('content-length', body.length)
    return body
  }
}

/**
 * A hook that has every file sent whole, whichever of its versions was seen before. Of what pages load we do not say when it
 * changed, and then a date is to be left aside (RFC 9110 §13.1.4): the library takes any for too early.
 */
export function sendWhole({ raw: { headers } }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  delete headers.range
  delete headers['if-match']
  delete headers['if-unmodified-since']
  done()
}
