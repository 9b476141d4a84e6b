import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../support/free-port.ts'

/** A TCP line to a server that can be cut and mended, as a network does it: the server never notices. */
export interface CuttableLine {
  port: number
  /** Ends every connection, and lets none through. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

export async function createCuttableLine(target: number): Promise<CuttableLine> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  function cut(): void {
    isCut = true
    for (const socket of open) socket.destroy()
  }

  return {
    port,
    cut,
    mend() {
      isCut = false
    },
    close() {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
