// better-auth's device authorization. Its memory adapter scans a list, so it gets few codes and an emptied list.
// Without a database or a rate limit in the way, this is its best case.
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { deviceAuthorization } from 'better-auth/plugins'

const MOST_CODES = 100
const tables = { user: [], session: [], account: [], verification: [], deviceCode: [] }

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret of the bench that guards nothing at all',
  database: memoryAdapter(tables),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [deviceAuthorization({ expiresIn: '1h', interval: '0s', validateClient: () => true })],
})
const handle = toNodeHandler(auth)

createServer((request, response) => {
  if (tables.deviceCode.length > MOST_CODES) tables.deviceCode.length = 0
  return handle(request, response)
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'))
