// What a bare WebSocket costs, and how fast it is: one socket for each waiting browser, one Redis subscription for the
// process, a push for each change. It signs nobody in; `websocket-login.mjs` does.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'

const CHANNEL = 'scanin:changes'
const PREFIX = 'scanin:login:'
const LOGIN_ID_LENGTH = 16

const subscriber = new Redis(process.env.REDIS_URL)
const waiting = new Map()
await subscriber.subscribe(CHANNEL)
subscriber.on('message', (_channel, notice) => {
  waiting.get(notice.slice(PREFIX.length, PREFIX.length + LOGIN_ID_LENGTH))?.send('{"status":"authenticated"}')
})

const server = createServer()
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const loginId = request.url.slice(1)
  waiting.set(loginId, socket)
  socket.on('close', () => waiting.delete(loginId))
})
server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 8192 }, () => console.log('listening'))
