import { connect } from 'node:net'
import { pollRequest } from '../parts/logins.mjs'

const LOGIN_STATES = { pending: 1, scanned: 1, authenticated: 1, expired: 1 }
const HEAD_END = '\r\n\r\n'

/**
 * A browser that waits by held polls, on a bare socket: what it costs the load's core has to stay small.
 * @param onStatus is told each reply's status
 */
export function waitByHeldPolls({ port }, login, holdSeconds, onStatus) {
  let seen = 'pending'
  let received = ''
  const socket = connect(port, '127.0.0.1')
  const ask = () => socket.write(pollRequest(login, `?seen=${seen}&wait=${holdSeconds}`))
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  socket.on('connect', ask)
  socket.on('data', (chunk) => {
    received += chunk
    const body = bodyOf(received)
    if (body === undefined) return
    received = ''
    const { status } = JSON.parse(body)
    if (!(status in LOGIN_STATES)) console.error(`a poll was answered: ${body}`)
    onStatus(status)
    if (status === 'pending' || status === 'scanned') {
      seen = status
      ask()
    }
  })
  let isStopped = false
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (!isStopped) console.error('a waiting browser was cut off')
  })
  return {
    stop() {
      isStopped = true
      socket.destroy()
    },
  }
}

/** The body of a reply that has arrived whole. */
function bodyOf(text) {
  const end = text.indexOf(HEAD_END)
  if (end === -1) return undefined
  const [, length] = /content-length: (\d+)/i.exec(text) ?? []
  const body = text.slice(end + HEAD_END.length)
  return body.length >= Number(length) ? body : undefined
}
