import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { readBareRequest } from './bare-request.ts'
import type { Connections } from './connections.ts'
import { createNodeReaders, type NodeReader } from './node-reader.ts'
import type { ShortReply, Shortcut } from './shortcut.ts'

interface ConnectionBytesOptions {
  shortcut: Shortcut
  connections: Pick<Connections, 'isDraining'>
  /** How long an idle connection is kept, as replies say. */
  keepAliveSeconds: number
}

const NONE: readonly Buffer[] = []

/**
 * Lets the shortcut answer bare requests straight from a connection's bytes: Node's request, response and parser cost
 * more than all else that a poll does, and are most of what a held one keeps. Node reads whatever else comes, and all
 * of a connection where it cannot be told where a request begins.
 * @returns what begins it on a connection, once a request came on it that the shortcut answers: others rarely follow
 */
export function createConnectionBytes(server: Server, options: ConnectionBytesOptions): (socket: Socket) => void {
  const { shortcut, connections, keepAliveSeconds } = options
  const nodeReaderOf = createNodeReaders(server)
  const dateField = createDateField()
  const staysOpen = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n\r\n`
  const ends = 'Connection: close\r\n\r\n'
  const begun = new WeakSet<Socket>()

  function answerOn(socket: Socket, node: NodeReader): void {
    let isAnswering = false
    /** What came before the last reply had gone out. */
    let early = NONE
    const replyTo = { client: socket, send }

    function read(bytes: Buffer): void {
      if (isAnswering) {
        socket.pause()
        early = [...early, bytes]
      } else if (!answer(bytes)) node.read(bytes)
    }

    function answer(bytes: Buffer): boolean {
      const mayAnswer = node.isIdle() && !connections.isDraining && socket.writableLength === 0
      const request = mayAnswer ? readBareRequest(bytes) : undefined
      if (request === undefined) return false
      isAnswering = true
      if (!shortcut(request, replyTo)) isAnswering = false
      return isAnswering
    }

    function send({ head, text, encoding }: ShortReply): void {
      if (connections.isDraining) {
        socket.write(head + dateField() + ends + text, encoding)
        socket.destroySoon()
      } else if (socket.writable) socket.write(head + dateField() + staysOpen + text, encoding)
      if (early === NONE) isAnswering = false
      // After all others that this turn of the loop serves.
      else setImmediate(readEarly)
    }

    function readEarly(): void {
      const chunks = early
      early = NONE
      isAnswering = false
      socket.resume()
      for (const bytes of chunks) read(bytes)
    }

    socket.on('data', read)
  }

  return (socket) => {
    if (begun.has(socket) || socket.destroyed) return
    begun.add(socket)
    const node = nodeReaderOf(socket)
    if (node !== undefined) answerOn(socket, node)
  }
}

/** RFC 9110 §6.6.1, made once a second. */
function createDateField(): () => string {
  let [second, field] = [0, '']
  return () => {
    const now = Math.floor(Date.now() / 1000)
    if (now !== second) [second, field] = [now, `Date: ${new Date(now * 1000).toUTCString()}\r\n`]
    return field
  }
}
