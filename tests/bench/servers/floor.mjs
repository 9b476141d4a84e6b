// The floor: node:http and one ioredis GET for each request, as one writes a poll without much thought. No check at
// all.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { REPLY_BODY, REPLY_HEADERS } from './reply.mjs'

const redis = new Redis(process.env.REDIS_URL)

createServer(async (request, response) => {
  const loginId = request.url.slice('/login/status/'.length, '/login/status/'.length + 16)
  const text = await redis.get(`scanin:login:${loginId}`)
  response.writeHead(text === null ? 404 : 200, REPLY_HEADERS)
  response.end(REPLY_BODY)
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'))
