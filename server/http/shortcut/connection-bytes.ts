import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from '../connections.ts'
import { readBareRequest } from './bare-request.ts'
import { createNodeReaders, type NodeReader } from './node-reader.ts'
import type { ReplyTo, Shortcut, ShortReply } from './shortcut.ts'
import { createWireReplies } from './wire-replies.ts'

interface ConnectionBytesOptions {
  shortcut: Shortcut
  connections: Pick<Connections, 'isDraining'>
  /** How long an idle connection is kept, as replies say. */
  keepAliveSeconds: number
}

/** Whether it was begun to read this connection's bytes. On itself: a `WeakSet` of thousands costs each collection. */
const isRead = Symbol('isRead')

declare module 'node:net' {
  interface Socket {
    [isRead]?: true
  }
}

/** A connection that is read from bytes. There are as many as browsers wait. */
interface Line {
  socket: Socket
  node: NodeReader
  isAnswering: boolean
  /** What came before the last reply had gone out. */
  early: readonly Buffer[]
  replyTo: ReplyTo
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

  function read(line: Line, bytes: Buffer): void {
    if (line.isAnswering) {
      // While one chunk waits the connection is read on, so that its end is heard of.
      if (line.early !== NONE) line.socket.pause()
      line.early = [...line.early, bytes]
    } else if (!answer(line, bytes)) line.node.read(bytes)
  }

  function answer(line: Line, bytes: Buffer): boolean {
    const mayAnswer = line.node.isIdle() && !connections.isDraining && line.socket.writableLength === 0
    const request = mayAnswer ? readBareRequest(bytes) : undefined
    if (request === undefined) return false
    line.isAnswering = true
    if (!shortcut(request, line.replyTo)) line.isAnswering = false
    return line.isAnswering
  }

  function send(line: Line, reply: ShortReply): void {
    if (line.socket.writable) write(line.socket, reply)
    if (line.early === NONE) line.isAnswering = false
    // After all others that this turn of the loop serves.
    else setImmediate(readEarly, line)
  }

  function write(socket: Socket, reply: ShortReply): void {
    const isLast = connections.isDraining
    const { text, encoding } = isLast ? wireReplies.ofLast(reply) : wireReplies.ofOpen(reply)
    socket.write(text, encoding)
    if (isLast) socket.destroySoon()
  }

  function readEarly(line: Line): void {
    // Node may have given its parser to another connection.
    if (line.socket.destroyed) return
    const chunks = line.early
    line.early = NONE
    line.isAnswering = false
    line.socket.resume()
    for (const bytes of chunks) read(line, bytes)
  }

  return (socket) => {
    if (socket[isRead] || !socket.writable) return
    socket[isRead] = true
    const node = nodeReaderOf(socket)
    if (node === undefined) return
    const replyTo: ReplyTo = { client: socket, send: (reply) => send(line, reply) }
    const line: Line = { socket, node, isAnswering: false, early: NONE, replyTo }
    socket.on('data', (bytes) => read(line, bytes))
  }
}
