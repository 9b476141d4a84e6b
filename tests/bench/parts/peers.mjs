import { rawRequest, writeRequests } from '../load/wrk.mjs'

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const JSON_TYPE = { 'content-type': 'application/json' }

/** The two calls of a device flow, as each peer wants them. */
export const oidcProvider = {
  start: () => ['/device/auth', FORM, 'client_id=device'],
  poll: (code) => [
    '/token',
    FORM,
    new URLSearchParams({ client_id: 'device', device_code: code, grant_type: DEVICE_CODE_GRANT }).toString(),
  ],
}

export const betterAuth = {
  start: () => ['/api/auth/device/code', JSON_TYPE, '{"client_id":"device"}'],
  poll: (code) => [
    '/api/auth/device/token',
    JSON_TYPE,
    JSON.stringify({ client_id: 'device', device_code: code, grant_type: DEVICE_CODE_GRANT }),
  ],
}

/** Polls of so many pending device codes. */
export async function devicePolls({ url }, peer, count) {
  const requests = []
  for (let made = 0; made < count; made++) {
    const [path, headers, body] = peer.start()
    const reply = await fetch(url + path, { method: 'POST', headers, body })
    const { device_code: code } = await reply.json()
    requests.push(rawRequest('POST', ...peer.poll(code)))
  }
  return writeRequests(requests)
}

export function deviceStarts(peer) {
  return writeRequests([rawRequest('POST', ...peer.start())])
}
