// The least that a held poll can cost: node:http, one ioredis GET, one timer and the constant. No check at all.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { REPLY_BODY, REPLY_HEADERS } from './reply.mjs'

const HOLD_MS = 1000
const redis = new Redis(process.env.REDIS_URL)

createServer(async (request, response) => {
  const loginId = request.url.slice('/login/status/'.length, '/login/status/'.length + 16)
  const text = await redis.get(`scanin:login:${loginId}`)
  setTimeout(() => {
    response.writeHead(text === null ? 404 : 200, REPLY_HEADERS)
    response.end(REPLY_BODY)
  }, HOLD_MS)
}).listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 8192 }, () => console.log('listening'))
