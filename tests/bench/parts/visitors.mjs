import { signInPhone } from './phone.mjs'

/** The application of `applications.mjs`, as its proxy names it. */
export const AT_THE_WIKI = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'wiki.example',
  'x-forwarded-uri': '/pages/1',
  'x-forwarded-method': 'GET',
}

/** A signed-in person's way into the application behind forward auth. @returns the `Cookie` header that it knows them by */
export async function enterWiki({ url }, username) {
  const session = await signInPhone({ url }, username)
  const start = await sentOn(`${url}/.scanin/start?rd=/pages/1`, AT_THE_WIKI)
  const enter = await sentOn(start.to.href, { cookie: session })
  const callback = await sentOn(url + enter.to.pathname + enter.to.search, { ...AT_THE_WIKI, cookie: start.cookie })
  return callback.cookie
}

/** The code that an application of `applications.mjs` is given for who is signed in. */
export async function codeFor({ url }, session, query) {
  const { to } = await sentOn(`${url}/oauth/authorize?${new URLSearchParams(query)}`, { cookie: session })
  const code = to.searchParams.get('code')
  if (code === null) throw new Error(`no code, but ${to.href}`)
  return code
}

async function sentOn(from, headers) {
  const reply = await fetch(from, { headers, redirect: 'manual' })
  const to = reply.headers.get('location')
  if (to === null) throw new Error(`${from}: ${reply.status} ${await reply.text()}`)
  return { to: new URL(to, from), cookie: reply.headers.getSetCookie()[0]?.split(';')[0] }
}
