import { connect } from 'node:net'
import { pollRequest } from '../parts/logins.mjs'

const LONGEST_REPLY_BYTES = 4096
/** What all sockets read into: what has come is read at once. */
const buffer = Buffer.alloc(LONGEST_REPLY_BYTES)

/**
 * A browser that keeps to what each reply tells it, as the page does: `hold` is what it lets its next poll be held for,
 * and that goes out `interval` after the last did, or once the reply is there.
 * @param onReply is told of each: its HTTP status and its body
 */
export function waitObediently({ port }, login, onReply) {
  let [seen, pace, beganAt] = ['pending', { interval: 2, hold: 2 }, 0]
  let isStopped = false
  let nextPoll
  let begun = ''
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: hear } })
  socket.on('connect', ask)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (!isStopped) onReply(0, {})
  })

  function ask() {
    beganAt = performance.now()
    socket.write(pollRequest(login, `?seen=${seen}&wait=${pace.hold}`))
  }

  function hear(length) {
    begun += buffer.latin1Slice(0, length)
    const [head, body] = begun.split('\r\n\r\n')
    const [, bodyLength] = /content-length: (\d+)/i.exec(head) ?? []
    if (body === undefined || body.length < Number(bodyLength)) return true
    begun = ''
    take(Number(head.slice(9, 12)), JSON.parse(body))
    return true
  }

  function take(httpStatus, reply) {
    onReply(httpStatus, reply)
    if (httpStatus >= 400) {
      // As the page does, which goes on when it is refused.
      nextPoll = setTimeout(ask, pace.interval * 1000)
      return
    }
    if (!['pending', 'scanned'].includes(reply.status)) {
      stop()
      return
    }
    const isNews = reply.status !== seen
    seen = reply.status
    pace = reply
    const pauseMs = isNews ? 0 : Math.max(0, beganAt + pace.interval * 1000 - performance.now())
    nextPoll = setTimeout(ask, pauseMs)
  }

  function stop() {
    isStopped = true
    clearTimeout(nextPoll)
    socket.destroy()
  }

  return { stop }
}
