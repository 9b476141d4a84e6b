import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** Of 24 bytes, as `openssl rand -base64 24` makes them. */
export const WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export interface Received {
  headers: Record<string, string>
  body: string
  /** As npm's `standardwebhooks` gives it back, which has checked signature and time. */
  verified(secret?: string): { type: string; timestamp: string; data: Record<string, unknown> }
}

export interface WebhookReceiver {
  url: string
  received: Received[]
  /** What it does from now on. Left alone: it takes everything. */
  answer(how: (request: IncomingMessage, response: ServerResponse) => void): void
  stop(): Promise<void>
}

/** Where webhooks go. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = []
  let answer = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(204).end()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      received.push(asReceived(request, Buffer.concat(chunks).toString()))
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks?of=scanin`,
    received,
    answer(how) {
      answer = how
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function asReceived({ headers }: IncomingMessage, body: string): Received {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  const verified: Received['verified'] = (secret = WEBHOOK_SECRET) => new Webhook(secret).verify(body, texts) as never
  return { headers: texts, body, verified }
}
