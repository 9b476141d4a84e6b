import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { boundedFetch } from '../../../server/http/bounded-fetch.ts'

/** `node --expose-gc …`: says how a reply that hangs in its middle ends, where all is forgotten meanwhile that can be. */

/** It was asked, and its reply is not closed. */
let isOpen = false
let how: string | undefined
const server = createServer((_request, reply) => {
  isOpen = true
  reply.writeHead(200).write('{')
  reply.once('close', () => {
    isOpen = false
  })
})
await new Promise<void>((resolve) => server.listen(Number(process.argv[2]), '127.0.0.1', resolve))
boundedFetch(`http://127.0.0.1:${process.argv[2]}/`, { redirect: 'error' }, 3000).then(
  () => {
    how = 'whole'
  },
  (error) => {
    how = error.name
  },
)
// On a busy machine time may be up before it was asked at all.
while (how === undefined || isOpen) {
  globalThis.gc?.()
  await setImmediate()
}
console.log(how)
server.close()
