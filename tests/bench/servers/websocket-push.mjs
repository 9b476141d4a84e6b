// What a WebSocket would do: one socket a waiting browser, one Redis subscription a process, a push for each change.
// `POST /confirm/:id` is the phone's: read the record, write it if nobody wrote in between, tell the channel.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'

const CHANNEL = 'scanin:changes'
const PREFIX = 'scanin:login:'
const LOGIN_ID_LENGTH = 16
const COMPARE_AND_SET = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
redis.call('PUBLISH', ARGV[3], KEYS[1])
return 1`

const redis = new Redis(process.env.REDIS_URL)
redis.defineCommand('compareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
const subscriber = new Redis(process.env.REDIS_URL)
const waiting = new Map()
await subscriber.subscribe(CHANNEL)
subscriber.on('message', (_channel, notice) => {
  waiting.get(notice.slice(PREFIX.length, PREFIX.length + LOGIN_ID_LENGTH))?.send('{"status":"authenticated"}')
})

const server = createServer(async (request, response) => {
  const key = PREFIX + request.url.slice('/confirm/'.length)
  const text = await redis.get(key)
  await redis.compareAndSet(key, text, text.replace('pending', 'authenticated'), CHANNEL)
  response.end('{"status":"authenticated"}')
})
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const loginId = request.url.slice(1)
  waiting.set(loginId, socket)
  socket.on('close', () => waiting.delete(loginId))
})
server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 8192 }, () => console.log('listening'))
