import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { freePort } from './free-port.ts'

/** What an application was sent. */
export interface Echo {
  application: string
  method: string
  url: string
  /** Name and value as they came. */
  rawHeaders: string[]
  bodyBytes: number
}

export interface EchoingApplication {
  port: number
  /** How many requests have reached it. */
  requests(): number
  stop(): Promise<void>
}

/**
 * An application that knows nothing of logins: it says what it was sent, to people on a page, and on a WebSocket its name;
 * at `/no-entry` with 403.
 * It changes to any protocol that it is asked for, as servers do that know HTTP/2 in plain text (RFC 7540, section 3.2).
 */
export async function startApplication(application: string): Promise<EchoingApplication> {
  let requests = 0
  const server = createServer(async (request, response) => {
    requests++
    const bodyBytes = (await buffer(request)).length
    const { method = '', url = '', rawHeaders } = request
    const echo = JSON.stringify({ application, method, url, rawHeaders, bodyBytes } satisfies Echo)
    response.statusCode = url === '/no-entry' ? 403 : 200
    if (!request.headers.accept?.includes('text/html')) {
      response.setHeader('content-type', 'application/json').end(echo)
      return
    }
    const escaped = echo.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    const page = `<!doctype html><link rel="icon" href="data:,"><title>${application}</title><pre id="echo">${escaped}</pre>`
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page)
  })
  const sockets = new Set<Duplex>()
  server.on('upgrade', (request, socket) => {
    requests++
    sockets.add(socket)
    greet(request, socket, application)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    requests: () => requests,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** RFC 6455: the handshake, and one text frame. */
function greet(request: IncomingMessage, socket: Duplex, text: string): void {
  const accept = createHash('sha1').update(
    `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
  )
  const head = ['HTTP/1.1 101 Switching Protocols', `Upgrade: ${request.headers.upgrade}`, 'Connection: Upgrade']
  socket.on('error', () => undefined)
  socket.write([...head, `Sec-WebSocket-Accept: ${accept.digest('base64')}`, '', ''].join('\r\n'))
  socket.write(Buffer.concat([Buffer.from([0x81, Buffer.byteLength(text)]), Buffer.from(text)]))
}
