import { WebSocket } from 'ws'
import { pollRequest } from '../parts/logins.mjs'
import { afterDelay, openLine } from './line.mjs'
import { readPerson } from './person.mjs'
import { statusOf } from './polls.mjs'

/**
 * A browser that waits on a WebSocket, and fetches its session when it is told that there is one: only a reply can set
 * a cookie. It uses the kept connection by which its page came, and so opens none for that.
 */
export function waitByWebSocketLogin(order, login, onStatus) {
  const { port, delayMs = 0 } = order
  const collect = Buffer.from(pollRequest(login))
  let onReply = begin
  let beBegun
  const begun = new Promise((resolve) => {
    beBegun = resolve
  })
  const line = openLine(order, {
    what: 'the connection of a waiting browser',
    onOpen: () => line.ask(collect),
    onReply: (head, body) => onReply(head, body),
  })

  /** The first state is asked for, because nobody pushes it. */
  function begin(_head, body) {
    if (statusOf(body) !== 'pending' && statusOf(body) !== 'scanned') console.error(`a login began as ${body}`)
    beBegun()
    onReply = (head, reply) => {
      if (statusOf(reply) !== 'authenticated') return console.error(`a collecting request was answered: ${reply}`)
      onReply = readPerson(line, head, reply, () => onStatus('authenticated'))
    }
  }

  const socket = new WebSocket(`ws://127.0.0.1:${port}/login/push/${login.token}`, {
    perMessageDeflate: false,
    headers: { cookie: `scanin_${login.loginId}=${login.browserKey}` },
  })
  socket.on('message', (data) =>
    afterDelay(delayMs, () => {
      if (JSON.parse(data).status === 'authenticated') line.ask(collect)
    }),
  )
  socket.on('error', () => socket.terminate())
  return {
    /** Resolves when both of its connections are there, so that their opening is not measured. */
    ready: Promise.all([begun, new Promise((resolve) => socket.once('open', resolve))]),
    stop() {
      line.stop()
      socket.terminate()
    },
  }
}
