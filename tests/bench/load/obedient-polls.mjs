import { pollRequest } from '../parts/logins.mjs'

/**
 * A browser that keeps to what each reply tells it, as the page does. `hold` is how long its next poll may be held.
 * That poll goes out `interval` after the last one, or at once if the reply came later.
 * @param open opens its connection (`lanes.mjs`)
 * @param onReply called with each reply's HTTP status and body; with 0 when the connection ended
 */
export function waitObediently(open, login, onReply) {
  // The request is put together once, because a hundred thousand browsers send it.
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
      // Goes on when it is refused, as the page does.
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
