import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { freePort } from './free-port.ts'
import { PATIENCE_MS } from './patience.ts'

/** One end of a line: who opened the connection, or who was called. */
export type End = 'client' | 'server'

/** Some of a line's connections. Left out: all. */
export interface Which {
  /** Those whose client has said something of this form, as `/subscribe/i`. */
  said?: RegExp
  /** This one alone, by its number; or all but this one. */
  only?: number
  but?: number
}

/**
 * A TCP line that can be made as bad as networks are, while it is in use. What is done to it lasts until `mend`, and
 * holds for connections that come later too, unless it says "once".
 */
export interface FaultyLine {
  readonly port: number
  /** Connections that were ever taken, and those whose client has not hung up. */
  taken(): number
  open(which?: Which): number
  /** What is said from now on arrives this much later, both ways. */
  delay(ms: number): void
  /** Nothing goes through, and nobody is told. @param from whose words are kept back; left out: both ends' */
  hang(which?: Which & { from?: End }): void
  /** Once: connections end, new ones go through. */
  drop(which?: Which & { by?: 'FIN' | 'RST' }): void
  /** Connections end, and new ones as soon as they are there. */
  cut(): void
  /** Connections that are there go on; new ones are taken and hang. */
  blackHole(): void
  /** Connections that are there go on; nobody listens for new ones. */
  refuse(): Promise<void>
  /** Once: as `hang`, and new connections go through. */
  swallow(which?: Which): void
  /** Once: the server is gone from connections, and their clients are not told. What they say gets no answer. */
  halfOpen(which?: Which): void
  /** Everything goes through; first what was kept back, where both ends are still there. */
  mend(): Promise<void>
  /**
   * Resolves at the next byte that this end sends, whether or not it goes through, with its connection's number; fails where
   * none comes.
   */
  spoke(from: End, which?: Which): Promise<number>
  /** The same at the next byte of this end that goes through. */
  passed(from: End, which?: Which): Promise<number>
  close(): Promise<void>
}

interface Connection {
  number: number
  near: Socket
  far: Socket
  /** The beginning of what the client said. */
  said: string
}

const MOST_REMEMBERED = 4096

/** @param target where it leads: a port on loopback, or whatever `net.connect` takes */
export async function createFaultyLine(target: number | NetConnectOpts, wantedPort?: number): Promise<FaultyLine> {
  const port = wantedPort ?? (await freePort())
  const connections = new Set<Connection>()
  const listeners = new Set<(event: 'spoke' | 'passed', from: End, connection: Connection) => void>()
  let taken = 0
  let delayMs = 0
  let isCut = false
  let isBlackHole = false
  let kept: { from: End | undefined; which: Which }[] = []
  const hanging = new Set<Connection>()
  let mended = openDoor()

  const is = ({ number, said }: Connection, which: Which = {}) =>
    (which.said === undefined || which.said.test(said)) &&
    (which.only === undefined || which.only === number) &&
    which.but !== number
  const those = (which?: Which) => [...connections].filter((connection) => is(connection, which))
  const isHeld = (connection: Connection, from: End) =>
    hanging.has(connection) || kept.some((held) => (held.from ?? from) === from && is(connection, held.which))

  function carry(connection: Connection, from: End, source: Socket, sink: Socket): void {
    let order = Promise.resolve()
    const inOrder = (step: () => void) => {
      const dueAt = performance.now() + delayMs
      order = order.then(async () => {
        const early = dueAt - performance.now()
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
        while (isHeld(connection, from)) await mended.isOpen
        if (!sink.destroyed) step()
      })
    }
    source.on('data', (chunk: Buffer) => {
      if (from === 'client') connection.said = (connection.said + chunk.toString('latin1')).slice(0, MOST_REMEMBERED)
      for (const tell of listeners) tell('spoke', from, connection)
      inOrder(() => {
        sink.write(chunk)
        for (const tell of listeners) tell('passed', from, connection)
      })
    })
    source.on('end', () => inOrder(() => sink.end()))
    source.on('error', () => inOrder(() => sink.resetAndDestroy()))
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    taken++
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect({ ...(typeof target === 'number' ? { port: target, host: '127.0.0.1' } : target) })
    const connection = { number: taken, near, far, said: '' }
    connections.add(connection)
    if (isBlackHole) hanging.add(connection)
    near.on('close', () => connections.delete(connection))
    carry(connection, 'client', near, far)
    carry(connection, 'server', far, near)
  })
  const listen = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen()

  function end({ near, far }: Connection, by: 'FIN' | 'RST'): void {
    for (const socket of [near, far]) {
      if (by === 'RST') socket.resetAndDestroy()
      else socket.destroy()
    }
  }

  function next(event: 'spoke' | 'passed', from: End, which?: Which): Promise<number> {
    const heard = new Promise<number>((resolve, reject) => {
      const tell = (happened: typeof event, by: End, connection: Connection) => {
        if (happened !== event || by !== from || !is(connection, which)) return
        listeners.delete(tell)
        clearTimeout(late)
        resolve(connection.number)
      }
      const giveUp = () => {
        listeners.delete(tell)
        reject(new Error(`not within ${PATIENCE_MS} ms: ${from} ${event}`))
      }
      const late = setTimeout(giveUp, PATIENCE_MS).unref()
      listeners.add(tell)
    })
    // Whoever waits for several of these may have gone on when this one rejects.
    heard.catch(() => undefined)
    return heard
  }

  return {
    port,
    taken: () => taken,
    open: (which) => those(which).length,
    delay(ms) {
      delayMs = ms
    },
    hang({ from, ...which } = {}) {
      kept.push({ from, which })
    },
    drop({ by = 'FIN', ...which } = {}) {
      for (const connection of those(which)) end(connection, by)
    },
    cut() {
      isCut = true
      for (const connection of connections) end(connection, 'FIN')
    },
    blackHole() {
      isBlackHole = true
    },
    async refuse() {
      server.close()
    },
    swallow(which) {
      for (const connection of those(which)) hanging.add(connection)
    },
    halfOpen(which) {
      for (const { far } of those(which)) {
        far.removeAllListeners('end').removeAllListeners('error')
        far.on('error', () => undefined)
        far.destroy()
      }
    },
    async mend() {
      delayMs = 0
      isCut = isBlackHole = false
      kept = []
      hanging.clear()
      mended.open()
      mended = openDoor()
      if (!server.listening) await listen()
    },
    spoke: (from, which) => next('spoke', from, which),
    passed: (from, which) => next('passed', from, which),
    async close() {
      const closed = server.listening && new Promise((resolve) => server.close(resolve))
      for (const connection of connections) end(connection, 'FIN')
      await closed
    },
  }
}

/** A promise and what fulfils it. */
function openDoor(): { isOpen: Promise<void>; open: () => void } {
  let open = () => {}
  const isOpen = new Promise<void>((resolve) => {
    open = resolve
  })
  return { isOpen, open }
}
