import { pollRequest } from '../parts/logins.mjs'
import { openLine } from './line.mjs'
import { readPerson } from './person.mjs'

const STATES_TO_WAIT_IN = ['pending', 'scanned']
const INTERVAL_MS = 2000

/**
 * A browser that waits by polls.
 * @param order `holdSeconds`: how long its polls may be held; 0: it polls every two seconds instead
 * @param onStatus called with each reply's status; with the last one when the page knows who the person is
 */
export function waitByPolls(order, login, onStatus) {
  const { holdSeconds } = order
  const requests = new Map(
    STATES_TO_WAIT_IN.map((seen) => [seen, Buffer.from(pollRequest(login, `?seen=${seen}&wait=${holdSeconds}`))]),
  )
  let seen = 'pending'
  let nextPoll
  let onReply = hear

  function hear(head, body) {
    const status = statusOf(body)
    if (status === undefined) console.error(`a poll was answered: ${body}`)
    if (status === 'authenticated') {
      onReply = readPerson(line, head, body, () => onStatus(status))
      return
    }
    onStatus(status)
    if (!requests.has(status)) return
    seen = status
    if (holdSeconds > 0) ask()
    else nextPoll = setTimeout(ask, INTERVAL_MS)
  }

  const ask = () => line.ask(requests.get(seen))
  const line = openLine(order, {
    what: 'a waiting browser',
    onOpen: ask,
    onReply: (head, body) => onReply(head, body),
  })

  return {
    stop() {
      clearTimeout(nextPoll)
      line.stop()
    },
  }
}

export function statusOf(body) {
  const [, status] = /^\{"status":"([a-z_]+)"/.exec(body) ?? []
  return status
}
