import { connect } from 'node:net'

const HEAD_END = '\r\n\r\n'
const LONGEST_REPLY_BYTES = 4096
/** One buffer for all sockets: what has come is read at once. */
const oneBuffer = Buffer.alloc(LONGEST_REPLY_BYTES)

/**
 * A browser's connection, on a bare socket, which is kept. Replies cause next to no garbage: with thousands of
 * connections, pauses of the collector here would count as the server's.
 * @param delayMs how far away the server is: each way takes this long
 * @param onReply called with head and body of each reply, once it has arrived whole
 */
export function openLine({ port, delayMs = 0 }, { onOpen, onReply, what }) {
  let isStopped = false
  /** A reply that came in more than one piece, so far. */
  let begun = ''
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: oneBuffer, callback: hear } })
  socket.on('connect', () => onOpen?.())
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (!isStopped) console.error(`${what} was cut off`)
  })

  function hear(length) {
    begun += oneBuffer.latin1Slice(0, length)
    const end = begun.indexOf(HEAD_END)
    if (end === -1) return true
    const [, bodyLength] = /content-length: (\d+)/i.exec(begun) ?? []
    if (begun.length < end + HEAD_END.length + Number(bodyLength)) return true
    const [head, body] = [begun.slice(0, end), begun.slice(end + HEAD_END.length)]
    begun = ''
    afterDelay(delayMs, () => onReply(head, body))
    return true
  }

  return {
    ask: (request) => afterDelay(delayMs, () => socket.write(request)),
    stop() {
      isStopped = true
      socket.destroy()
    },
  }
}

/** Calls at once if there is no delay. */
export function afterDelay(delayMs, act) {
  if (delayMs === 0) act()
  else setTimeout(act, delayMs)
}
