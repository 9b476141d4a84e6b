import type { ServerResponse } from 'node:http'

/** The most that is sent: a test whose client reads a reply to its end must not run out of memory. */
const MOST_BYTES = 64 * 1024 ** 2
const PIECE = Buffer.alloc(64 * 1024, ' ')

export interface EndlessReply {
  /** Resolves once the other side will have no more of it. */
  closed: Promise<void>
  /** Whether the other side has taken all that there is, and waits for more. */
  isTaken(): boolean
}

/** Answers 200, begins an object, and goes on with spaces for as long as they are taken. */
export function sendWithoutEnd(reply: ServerResponse): EndlessReply {
  let sent = 0
  const closed = new Promise<void>((resolve) => reply.once('close', resolve))
  const send = () => {
    while (sent < MOST_BYTES && !reply.destroyed) {
      sent += PIECE.length
      if (!reply.write(PIECE)) return void reply.once('drain', send)
    }
  }
  reply.writeHead(200, { 'content-type': 'application/json' }).write('{')
  send()
  return { closed, isTaken: () => sent >= MOST_BYTES }
}
