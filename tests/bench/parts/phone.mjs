import { PASSWORD } from './service.mjs'

/** Signs a phone in. @returns its `Cookie` header */
export async function signInPhone({ url, publicUrl = url }, username = 'demo') {
  const reply = await fetch(`${url}/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: publicUrl },
    body: JSON.stringify({ username, password: PASSWORD }),
  })
  if (reply.status !== 200) throw new Error(`sign-in: ${reply.status}`)
  return reply.headers.getSetCookie()[0].split(';')[0]
}

export function scan(server, cookie, token) {
  return ask(server, '/login/scan', cookie, token)
}

export function confirm(server, cookie, token) {
  return ask(server, '/login/confirm', cookie, token)
}

async function ask({ url, publicUrl = url }, path, cookie, token) {
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: publicUrl, cookie },
    body: JSON.stringify({ token }),
  })
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
  await reply.arrayBuffer()
}

export async function signOutBrowsers({ url, publicUrl = url }, cookie) {
  const reply = await fetch(`${url}/sessions?kind=browser`, {
    method: 'DELETE',
    headers: { origin: publicUrl, cookie },
  })
  if (reply.status !== 200) throw new Error(`sessions: ${reply.status} ${await reply.text()}`)
}
