import { pollRequest } from '../parts/logins.mjs'

/**
 * A browser that keeps to what each reply tells it, as the page does: `hold` is what it lets its next poll be held for,
 * and that goes out `interval` after the last did, or once the reply is there.
 * @param open makes its connection (`lanes.mjs`)
 * @param onReply is told of each: its HTTP status and its body; 0 when the connection ended
 */
export function waitObediently(open, login, onReply) {
  // A hundred thousand do this: the request is put together once.
  const [before, after] = pollRequest(login, '?').split('?')
  let [seen, pace, beganAt] = ['pending', { interval: 2, hold: 2 }, 0]
  let isStopped = false
  let nextPoll
  let begun = ''
  const connection = open({
    onOpen: ask,
    onText: hear,
    onClose() {
      if (isStopped) return
      stop()
      onReply(0, {})
    },
  })

  function ask() {
    beganAt = performance.now()
    connection.write(`${before}?seen=${seen}&wait=${pace.hold}${after}`)
  }

  function hear(text) {
    const all = begun === '' ? text : begun + text
    const headEnd = all.indexOf('\r\n\r\n')
    const [, bodyLength] = /content-length: (\d+)/i.exec(all) ?? []
    if (headEnd < 0 || all.length < headEnd + 4 + Number(bodyLength)) {
      begun = all
      return
    }
    begun = ''
    take(Number(all.slice(9, 12)), JSON.parse(all.slice(headEnd + 4)))
  }

  function take(httpStatus, reply) {
    onReply(httpStatus, reply)
    if (isStopped) return
    if (httpStatus >= 400) {
      // As the page does, which goes on when it is refused.
      nextPoll = setTimeout(ask, pace.interval * 1000)
      return
    }
    if (reply.status !== 'pending' && reply.status !== 'scanned') {
      stop()
      return
    }
    const isNews = reply.status !== seen
    seen = reply.status
    pace = reply
    const pauseMs = isNews ? 0 : beganAt + pace.interval * 1000 - performance.now()
    if (pauseMs <= 0) ask()
    else nextPoll = setTimeout(ask, pauseMs)
  }

  function stop() {
    isStopped = true
    clearTimeout(nextPoll)
    connection.destroy()
  }

  return { stop }
}
