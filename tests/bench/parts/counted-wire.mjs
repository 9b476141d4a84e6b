import { createConnection, createServer } from 'node:net'

/** A wire that counts: what is written to `port` arrives at one of the ports `to`, each connection at the next one. */
export async function countedWire(port, ...to) {
  const bytes = { sent: 0, received: 0 }
  let came = 0
  const server = createServer((near) => {
    const far = createConnection(to[came++ % to.length], '127.0.0.1')
    near.on('data', (chunk) => {
      bytes.sent += chunk.length
    })
    far.on('data', (chunk) => {
      bytes.received += chunk.length
    })
    for (const side of [near, far]) side.on('error', () => undefined)
    near.pipe(far).pipe(near)
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { bytes, origin: `http://127.0.0.1:${port}`, stop: () => server.close() }
}
