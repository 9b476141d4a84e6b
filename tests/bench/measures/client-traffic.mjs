// What one whole login sends over the network: page's requests from the first QR to the session, counted on the wire.
import { countedWire } from '../parts/counted-wire.mjs'
import { confirm, scan, signInPhone } from '../parts/phone.mjs'
import { freePort } from '../parts/ports.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn } from '../parts/service.mjs'
import { loadWebClient, signInBrowser } from '../parts/web-client.mjs'

/** The web client's own poller, against the service, for a person who takes so long to scan, and to confirm. */
export async function measureClientTraffic({ scanAfterMs, confirmAfterMs }) {
  const client = await loadWebClient()
  const redis = await startRedis()
  const port = await freePort()
  const scanIn = await startScanIn(redis, { env: { MATCH: 'never', PUBLIC_URL: `http://127.0.0.1:${port}` } })
  const wire = await countedWire(port, scanIn.port)
  const phone = { url: scanIn.url, publicUrl: wire.origin }
  const phoneCookie = await signInPhone(phone)
  const { sent } = await signInBrowser(client, wire.origin, (token) => {
    setTimeout(() => void scan(phone, phoneCookie, token), scanAfterMs)
    setTimeout(() => void confirm(phone, phoneCookie, token), scanAfterMs + confirmAfterMs)
  })
  const { bytes } = wire
  await scanIn.stop()
  await redis.stop()
  wire.stop()
  return {
    seconds: (scanAfterMs + confirmAfterMs) / 1000,
    requests: sent.requests,
    sentBytes: bytes.sent,
    receivedBytes: bytes.received,
  }
}
