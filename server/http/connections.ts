import type { RequestListener, Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long a connection that rests is kept while the process ends: over twice as long as browsers pause by default. */
const IDLE_MS = 5000
/** After this they end, whatever is on them: a process has nine seconds, and webhooks two of them after this. */
const LONGEST_MS = 6000

/** Once nobody has come for this long, no client waits in the listener's queue. */
const QUIET_MS = 20
const BRIEF_MS = 1
/** How long to look for such a quiet moment: on a busy machine it came after up to a quarter of a second. */
const LONGEST_LOOK_MS = 1000

/** The open connections of a process, whatever it listens on. */
export interface Connections {
  /** From now on every reply says `Connection: close`. */
  readonly isDraining: boolean
  /** How much of what there may be is open: 1 is all, and whoever comes then is dropped. */
  readonly use: number
  /** Counts what this server takes, and bounds it. */
  watch(server: Server): void
  /** Answers a request: at once, or, while the process stops to listen, once it has stopped. */
  whenSettled(answer: RequestListener, ...of: Parameters<RequestListener>): void
  /**
   * Takes no more of them, and lets those that are open end well: each is answered once more and closed with that reply.
   * A client that pauses would lose a request that it sends at the very moment its connection is cut, so one that rests
   * is cut after five seconds. @returns when none is left, after six seconds at the latest
   */
  drain(): Promise<void>
}

/** @param most how many may be open at a time */
export function createConnections(most: number): Connections {
  const servers = new Set<Server>()
  const open = new Set<Socket>()
  let isDraining = false
  let whenLastEnds: () => void = () => undefined
  /** How many have come so far: connections, and requests that wait. */
  let came = 0
  let waiting: (() => void)[] | undefined

  /**
   * A listener that closes resets the clients in its queue, which the system has connected already. The queue grows
   * while requests are answered; so they wait, until for a moment nobody came.
   */
  async function stopListening(): Promise<void> {
    const listening = [...servers].filter((server) => server.listening)
    if (listening.length === 0) return
    const answers: (() => void)[] = []
    waiting = answers
    const beganAt = performance.now()
    let [seen, quietSince] = [came, beganAt]
    for (let now = beganAt; now < beganAt + LONGEST_LOOK_MS; ) {
      await nextTurn()
      const turnMs = performance.now() - now
      now += turnMs
      if (came !== seen) [seen, quietSince] = [came, now]
      // Not after a long turn, in which the machine did something else: Node may not have seen yet who came.
      else if (now >= quietSince + QUIET_MS && turnMs < BRIEF_MS) break
    }
    // An HTTP server's own `close` would cut idle connections at once.
    for (const server of listening) NetServer.prototype.close.call(server)
    waiting = undefined
    for (const answer of answers) answer()
  }

  function cutIdle(): void {
    for (const server of servers) server.closeIdleConnections()
    // Node takes a connection on which nothing was ever sent for a busy one.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  }

  function cutAll(): void {
    for (const socket of open) socket.destroy()
  }

  return {
    get isDraining() {
      return isDraining
    },

    get use() {
      return open.size / most
    },

    watch(server) {
      servers.add(server)
      server.maxConnections = most
      server.on('connection', (socket) => {
        came++
        open.add(socket)
        socket.once('close', () => {
          open.delete(socket)
          if (open.size === 0) whenLastEnds()
        })
      })
    },

    whenSettled(answer, request, response) {
      if (waiting === undefined) return answer(request, response)
      came++
      waiting.push(() => answer(request, response))
    },

    async drain() {
      isDraining = true
      // At the end of a turn, when all that had arrived was read.
      const timers = [setTimeout(setImmediate, IDLE_MS, cutIdle), setTimeout(cutAll, LONGEST_MS)]
      await stopListening()
      if (open.size > 0) {
        await new Promise<void>((resolve) => {
          whenLastEnds = resolve
        })
      }
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
