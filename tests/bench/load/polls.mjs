import { connect } from 'node:net'
import { pollRequest } from '../parts/logins.mjs'

const STATES_TO_WAIT_IN = ['pending', 'scanned']
const HEAD_END = '\r\n\r\n'
const LONGEST_REPLY_BYTES = 4096
const INTERVAL_MS = 2000

/**
 * A browser that waits by polls, on a bare socket. What it does for each reply makes next to no garbage: with thousands
 * of them a collector's pause here would be counted as the server's.
 * @param holdSeconds how long it lets its polls be held; 0: it asks every two seconds instead
 * @param onStatus is told each reply's status
 */
export function waitByPolls({ port }, login, holdSeconds, onStatus) {
  const requests = new Map(
    STATES_TO_WAIT_IN.map((seen) => [seen, Buffer.from(pollRequest(login, `?seen=${seen}&wait=${holdSeconds}`))]),
  )
  let seen = 'pending'
  let isStopped = false
  let nextPoll
  /** A reply that came in more than one piece, so far. */
  let begun = ''

  const ask = () => socket.write(requests.get(seen))
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: oneBuffer, callback: hear } })
  socket.on('connect', ask)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (!isStopped) console.error('a waiting browser was cut off')
  })

  function hear(length) {
    const status = statusOf(begun + oneBuffer.latin1Slice(0, length))
    if (status === undefined) {
      begun += oneBuffer.latin1Slice(0, length)
      return true
    }
    begun = ''
    onStatus(status)
    if (requests.has(status)) {
      seen = status
      if (holdSeconds > 0) ask()
      else nextPoll = setTimeout(ask, INTERVAL_MS)
    }
    return true
  }

  return {
    stop() {
      isStopped = true
      clearTimeout(nextPoll)
      socket.destroy()
    },
  }
}

/** What a socket has read is read at once, so one buffer does for all. */
const oneBuffer = Buffer.alloc(LONGEST_REPLY_BYTES)

/** The status in a reply, once it has arrived whole. */
function statusOf(reply) {
  const end = reply.indexOf(HEAD_END)
  if (end === -1) return undefined
  const [, length] = /content-length: (\d+)/i.exec(reply) ?? []
  const body = reply.slice(end + HEAD_END.length)
  if (body.length < Number(length)) return undefined
  const [, status] = /^\{"status":"([a-z_]+)"/.exec(body) ?? []
  if (status === undefined) console.error(`a poll was answered: ${body}`)
  return status
}
