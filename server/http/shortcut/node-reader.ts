import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { headLengthOf } from './bare-request.ts'

/** Node's HTTP, as what reads one connection's bytes. */
export interface NodeReader {
  /** Whether Node has certainly read and answered all that it was given, so that what comes now begins a request. */
  isIdle(): boolean
  read(bytes: Buffer): void
}

/**
 * What Node was given since it last was idle, beginning with `bytes` that came when it may have had others in hand.
 * Keeps nothing of Node's own: the collector would carry it along.
 */
interface Given {
  bytes: number
  /** Of the first head that may end in it. `undefined`: none does, or Node alone can tell. */
  headLength: number | undefined
  /** How many requests Node has found in it. */
  requests: number
  /** Of the first head, and the body that the last request has. `undefined`: it is not known beforehand. */
  length: number | undefined
  /** Whether one of them was read to its end, and answered. */
  isAnswered: boolean
}

type Parse = (bytes: Buffer) => void

const nothing = (): Given => ({ bytes: 0, headLength: undefined, requests: 0, length: undefined, isAnswered: false })

/**
 * Takes connections' bytes out of Node's hand, to be given to it by whoever has looked at them first.
 *
 * Who looks has to know where a request begins. Node does not tell where it stands; but it has nothing in hand once it
 * has found one request in what it was given, has read it to its end and answered it, and was given no more than the
 * first head that ends in it and as long a body as that request has. For that request's own head ends there or later.
 *
 * @returns of a connection its reader. `undefined`: Node reads it in a way that is not known here
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
    const [parse, ...others] = socket.listeners('data') as Parse[]
    if (parse === undefined || others.length > 0) return undefined
    // Not `removeAllListeners`, after which the socket's listeners take a kilobyte.
    socket.off('data', parse)
    /** `undefined`: it is idle. */
    let given: Given | undefined = nothing()

    return {
      isIdle() {
        if (given === undefined) return true
        const { bytes, requests, length, isAnswered } = given
        const canTell = requests === 1 && length !== undefined && bytes <= length
        // What comes now may: it is counted anew.
        if (!canTell) given = nothing()
        if (!canTell || bytes < length || !isAnswered) return false
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
