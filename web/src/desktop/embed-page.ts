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

/** The origin of the page that frames this one. The server says who may: browsers show this page in no other frame. */
const parentOrigin = (): string | undefined =>
  webOriginOf(new URLSearchParams(location.search).get('parent') ?? '') ?? webOriginOf(document.referrer)

/** `undefined`: not an address, or not one of http(s), whose pages alone can be sent a message. */
function webOriginOf(address: string): string | undefined {
  const url = urlOf(address)
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.origin : undefined
}

let isSignedIn = false

/** Tells the application that somebody is signed in, but not who: it asks for that by its own request. */
function tellParent(): void {
  isSignedIn = true
  if (window.parent === window) return
  const origin = parentOrigin()
  // To that origin alone: the frame's parent may have gone elsewhere meanwhile.
  if (origin !== undefined) window.parent.postMessage({ type: 'scanin.signed-in' }, origin)
  else console.warn('ScanIn cannot tell who frames this page: no Referer, and no ?parent=https://… at its address')
}

// An application that loaded too late for the message asks for it. The answer goes to the same origin, whoever asks.
window.addEventListener('message', ({ source, data }) => {
  if (isSignedIn && source === window.parent && data?.type === 'scanin.ask') tellParent()
})

/** Whoever is signed in already needs no code. If the question fails, the login is shown and says what is wrong. */
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
// For all that focuses a part of this page: it must not take the focus from a document where somebody may be typing.
HTMLElement.prototype.focus = function (options) {
  if (window.parent === window || document.hasFocus()) focus.call(this, options)
}

// Keeps the element from leaving: browsers would show no other page of ours in this frame.
document.addEventListener('scanin-authenticated', (event) => {
  event.preventDefault()
  // It says that the page goes on in a moment, which it does not in a frame.
  document.querySelector('#status .more')?.remove()
  tellParent()
})
void begin()
pageStarted()
