// The script of embed.html: the login page's element in a frame of an application, which is told when somebody is signed in.
import { embed as embedWords } from '#messages/embed'
import { findPart } from '../page/find-part.ts'
import { pageStarted } from '../page/page-started.ts'
import { setApart } from '../page/words.ts'
import { createLoginApi } from '../wire/login-api.ts'
import { urlOf } from '../wire/url-of.ts'
import { ScanInLogin } from './scanin-login.ts'
import { setShown } from './shown.ts'
import { createStatusLine } from './status-line.ts'

const api = createLoginApi({ fetch: (input, init) => fetch(input, init) })

/** Whose frame this is. The server has said who may be: a browser shows this page in nobody else's. */
const parentOrigin = (): string | undefined =>
  webOriginOf(new URLSearchParams(location.search).get('parent') ?? '') ?? webOriginOf(document.referrer)

/** `undefined`: it is no address, or one of which no page can be told anything. */
function webOriginOf(address: string): string | undefined {
  const url = urlOf(address)
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.origin : undefined
}

let isSignedIn = false

/** That there is a session, and not whose: the application asks for that by its own request. */
function tellParent(): void {
  isSignedIn = true
  if (window.parent === window) return
  const origin = parentOrigin()
  // Exactly there: a frame may have gone elsewhere meanwhile.
  if (origin !== undefined) window.parent.postMessage({ type: 'scanin.signed-in' }, origin)
  else console.warn('ScanIn cannot tell who frames this page: no Referer, and no ?parent=https://… at its address')
}

// Whoever came too late to hear it asks. The answer goes where the news went, whatever the origin of who asks.
window.addEventListener('message', ({ source, data }) => {
  if (isSignedIn && source === window.parent && data?.type === 'scanin.ask') tellParent()
})

/** Who is signed in already scans nothing. Whatever else comes of the question, the login says it better. */
async function begin(): Promise<void> {
  // What the element shows once it is one.
  setShown(findPart(document, '.other-way', HTMLElement), false)
  const name = await api.signedInName().catch(() => undefined)
  if (name === undefined) return customElements.define('scanin-login', ScanInLogin)
  findPart(document, 'scanin-login', HTMLElement).setAttribute('data-state', 'authenticated')
  createStatusLine(document)({ title: embedWords.signedIn({ name: setApart(name) }), more: '' })
  tellParent()
}

const { focus } = HTMLElement.prototype
// Whatever of this page takes the focus: out of another document it takes none, where somebody may be typing.
HTMLElement.prototype.focus = function (options) {
  if (window.parent === window || document.hasFocus()) focus.call(this, options)
}

// The frame stays where it is: no other page of ours would be shown in one.
document.addEventListener('scanin-authenticated', (event) => {
  event.preventDefault()
  // That it takes a moment yet.
  document.querySelector('#status .more')?.remove()
  tellParent()
})
void begin()
pageStarted()
