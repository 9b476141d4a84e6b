// Bare node:http that answers a constant as long as ScanIn's reply: the most that this machine can do.
import { createServer } from 'node:http'
import { REPLY_BODY, REPLY_HEADERS } from './reply.mjs'

createServer((_request, response) => {
  response.writeHead(200, REPLY_HEADERS)
  response.end(REPLY_BODY)
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'))
