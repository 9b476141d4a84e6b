import { WebSocket } from 'ws'

/** A browser that waits on a WebSocket. */
export function waitByWebSocket({ port }, { loginId }, onStatus) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${loginId}`, { perMessageDeflate: false })
  socket.on('message', (data) => onStatus(JSON.parse(data).status))
  socket.on('error', () => socket.terminate())
  return { stop: () => socket.terminate() }
}
