// A client as somebody else would write it: its types are what openapi-typescript makes of a running service's
// /openapi.json. `../generated-client.test.ts` makes them beside a copy of this, checks it, and runs it.
//   node whole-login.ts <origin> <password>
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './api.d.ts'

const [baseUrl = '', password = ''] = process.argv.slice(2)

/** Keeps cookies and says where it comes from, as a browser does by itself. */
function createPerson() {
  const jar = new Map<string, string>()
  const asBrowsersDo: Middleware = {
    onRequest({ request }) {
      request.headers.set('origin', baseUrl)
      request.headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    },
    onResponse({ response }) {
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/max-age=0(;|$)/i.test(line)) jar.delete(name)
        else jar.set(name, value)
      }
    },
  }
  const client = createClient<paths>({ baseUrl })
  client.use(asBrowsersDo)
  return client
}

/** What was answered, or an end of it all. */
function dataOf<Data>({ data, error }: { data?: Data; error?: { code: string } }): Data {
  if (data === undefined) throw new Error(`refused: ${error?.code}`)
  return data
}

/** As the page does: again and again, in the rhythm that the replies tell of, until nothing more comes. */
async function collect(token: components['schemas']['Token']): Promise<components['schemas']['LoginDone']> {
  for (let seen = 'pending', hold = 0; ; ) {
    const query = { seen, wait: hold }
    const status = dataOf(await browser.GET('/login/status/{token}', { params: { path: { token }, query } }))
    if (status.status === 'authenticated') return status
    if (status.status === 'expired' || status.status === 'denied') throw new Error(status.status)
    seen = status.status
    hold = Math.max(1, status.hold)
  }
}

const [browser, phone] = [createPerson(), createPerson()]
const { user } = dataOf(await phone.POST('/sign-in', { body: { username: 'demo', password } }))
const shown = dataOf(await browser.POST('/login'))
const renewed = dataOf(await browser.POST('/login', { body: { token: shown.token } }))
const asked = dataOf(await phone.POST('/login/scan', { body: { token: renewed.token } }))
const collecting = collect(renewed.token)
const confirmed = dataOf(await phone.POST('/login/confirm', { body: { token: asked.token, remember: true } }))
const done = await collecting
const { session, user: signedIn } = dataOf(await browser.GET('/session'))
const { sessions } = dataOf(await phone.GET('/sessions'))
const left = await browser.POST('/sign-out')
const { error } = await browser.GET('/session')

/** Never called: whatever `@ts-expect-error` stands before has to be an error, so the types are no `any`. */
export function whatTypesRefuse() {
  // @ts-expect-error A misspelt key.
  phone.POST('/login/scan', { body: { tokn: asked.token } })
  // @ts-expect-error Nothing to say which login.
  phone.POST('/login/confirm')
  // @ts-expect-error A number of seconds.
  browser.GET('/login/status/{token}', { params: { path: { token: shown.token }, query: { wait: '2' } } })
  // @ts-expect-error No code of this route's.
  if (error?.code === 'already_scanned') return
  // @ts-expect-error A browser that waits learns nothing of the person.
  shown.user
}

console.log(
  JSON.stringify({
    isSameLogin: shown.token.split('.')[0] === renewed.token.split('.')[0],
    asked: { status: asked.status, match: asked.match },
    confirmed: confirmed.status,
    done: { user: done.user, redirect_to: done.redirect_to },
    isSamePerson: signedIn.id === user.id,
    kind: session.kind,
    kinds: sessions.map(({ kind }) => kind).sort(),
    left: left.response.status,
    afterwards: error?.code,
  }),
)
