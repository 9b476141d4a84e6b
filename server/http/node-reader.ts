import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { headLengthOf } from './bare-request.ts'

/** Node's HTTP, as what reads one connection's bytes. */
export interface NodeReader {
  /**
   * Whether Node has certainly read and answered all that it was given, so that what comes now begins a request. Not
   * before the first that it has answered: it looks for connections that never send one. Once in doubt, never again.
   */
  isIdle(): boolean
  read(bytes: Buffer): void
}

/** What Node was given since it last was idle. Keeps nothing of Node's: the collector would carry it along. */
interface Given {
  bytes: number
  /** Of the head that it begins with. `undefined`: Node alone can tell. */
  headLength: number | undefined
  /** How many requests Node has found in it. */
  requests: number
  /** Of the last of them, its body included. `undefined`: it is not known beforehand. */
  length: number | undefined
  /** Whether one of them was answered, and Node is done with it. */
  isAnswered: boolean
}

const nothing = (): Given => ({ bytes: 0, headLength: undefined, requests: 0, length: undefined, isAnswered: false })

/**
 * Takes its connections' bytes out of the hand of a server, to be given to it by whoever has looked at them.
 * @returns of a new connection its reader. `undefined`: Node reads it in a way that is not known here
 */
export function createNodeReaders(server: Server): (socket: Socket) => NodeReader | undefined {
  /** What Node reads at this moment: it finds requests while it is given bytes. */
  let reading: Given | undefined

  server.on('request', ({ headers }, response) => {
    const given = reading
    if (given === undefined) return
    const { headLength } = given
    const isCounted = headLength !== undefined && headers['transfer-encoding'] === undefined
    given.requests++
    given.length = isCounted ? headLength + Number(headers['content-length'] ?? 0) : undefined
    // Node's own listener came first: when this is called, it has taken the reply off the connection.
    response.once('finish', () => {
      given.isAnswered = response.req.complete
    })
  })

  return (socket) => {
    const [parse, ...others] = socket.listeners('data')
    if (parse === undefined || others.length > 0) return undefined
    socket.removeAllListeners('data')
    /** `undefined`: it is idle. */
    let given: Given | undefined = nothing()
    let isInDoubt = false

    return {
      isIdle() {
        if (given === undefined) return true
        if (isInDoubt || given.bytes === 0) return false
        const { bytes, requests, length, isAnswered } = given
        isInDoubt = requests !== 1 || length === undefined || bytes > length
        if (isInDoubt || bytes !== length || !isAnswered) return false
        given = undefined
        return true
      },

      read(bytes) {
        given ??= nothing()
        if (given.bytes === 0) given.headLength = headLengthOf(bytes)
        given.bytes += bytes.length
        reading = given
        try {
          parse.call(socket, bytes)
        } finally {
          reading = undefined
        }
      },
    }
  }
}
