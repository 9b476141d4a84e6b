import { createServer } from 'node:net'

const PORTS_PER_WORKER = 400
/** Two runs at once on one machine are told different ones. */
const FIRST_PORT = Number(process.env['TEST_FIRST_PORT'] ?? 20_000)

// Not from the start of the range: another run of the tests on this machine has workers of the same number.
let next = Math.floor(Math.random() * PORTS_PER_WORKER)

/** A free port on loopback, out of a range that only this test worker uses and no outgoing connection is given. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0)
  for (let tries = 0; tries < PORTS_PER_WORKER; tries++) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + (next++ % PORTS_PER_WORKER)
    if (await isFree(port)) return port
  }
  throw new Error('no free port')
}

/** Whether this process could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
