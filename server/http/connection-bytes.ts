import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { readBareRequest } from './bare-request.ts'
import type { Connections } from './connections.ts'
import { createNodeReaders, type NodeReader } from './node-reader.ts'
import type { ShortReply, Shortcut } from './shortcut.ts'
import { createWireReplies } from './wire-reply.ts'

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
  const wireReplies = createWireReplies(keepAliveSeconds)
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

    function send(reply: ShortReply): void {
      if (socket.writable) write(reply)
      if (early === NONE) isAnswering = false
      // After all others that this turn of the loop serves.
      else setImmediate(readEarly)
    }

    function write(reply: ShortReply): void {
      const isLast = connections.isDraining
      const { text, encoding } = isLast ? wireReplies.ofLast(reply) : wireReplies.ofOpen(reply)
      socket.write(text, encoding)
      if (isLast) socket.destroySoon()
    }

    function readEarly(): void {
      // Node may have given its parser to another connection.
      if (socket.destroyed) return
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
