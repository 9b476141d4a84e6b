import { freePort } from './free-port.ts'
import { type Client, createClient, type Reply } from './http-client.ts'

export const ADMIN_TOKEN = 'operator-Fuchsbau-Kaskade-81-Zinn-Lot'

/** What a service is told so that it has an admin port, and who asks there. */
export interface Operator {
  env: { ADMIN_PORT: string; ADMIN_TOKEN: string }
  url: string
  /** Without a token, a cookie or an origin. */
  client: Client
  ask(method: string, path: string): Promise<Reply>
}

export async function createOperator(): Promise<Operator> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const client = createClient(url)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, origin: undefined }
  return {
    env: { ADMIN_PORT: String(port), ADMIN_TOKEN },
    url,
    client,
    ask: (method, path) => client.call(method, path, { headers, cookie: '' }),
  }
}
