import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { boundedFetch } from '../../../server/http/bounded-fetch.ts'

/** `node --expose-gc …`: says how a reply that hangs in its middle ends, where all is forgotten meanwhile that can be. */

let isClosed = false
let how: string | undefined
const server = createServer((_request, reply) => {
  reply.writeHead(200).write('{')
  reply.once('close', () => {
    isClosed = true
  })
})
await new Promise<void>((resolve) => server.listen(Number(process.argv[2]), '127.0.0.1', resolve))
boundedFetch(`http://127.0.0.1:${process.argv[2]}/`, { redirect: 'error' }, 500).then(
  () => {
    how = 'whole'
  },
  (error) => {
    how = error.name
  },
)
while (how === undefined || !isClosed) {
  globalThis.gc?.()
  await setImmediate()
}
console.log(how)
server.close()
