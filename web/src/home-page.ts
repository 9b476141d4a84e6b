// The script of home.html.
import { createApi } from './api.ts'
import { pageClock } from './clock.ts'
import { findPart } from './find-part.ts'
import { createLinkedDevices } from './linked-devices.ts'
import { timeElement } from './moment-words.ts'
import { pageWake } from './page-wake.ts'
import type { CurrentSession } from './session-protocol.ts'
import { watchSession } from './session-watch.ts'
import { wordsFor } from './words.ts'

const api = createApi({ fetch: (input, init) => fetch(input, init) })
const userName = findPart(document, '#user-name', HTMLElement)
const email = findPart(document, '#user-email', HTMLElement)
const since = findPart(document, '#signed-in-since', HTMLElement)
const status = findPart(document, '#status', HTMLElement)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const watching = new AbortController()

const leave = () => {
  watching.abort()
  location.replace('/')
}
const devices = createLinkedDevices({ root: document, api, onSignedOut: leave })

const onSession = ({ user, session }: CurrentSession) => {
  status.textContent = ''
  userName.textContent = user.name
  email.textContent = user.email ?? ''
  since.replaceChildren('Signed in since ', timeElement(session.createdAt))
  findPart(document, 'main', HTMLElement).hidden = false
  void devices.refresh()
}

signOut.addEventListener('click', async () => {
  signOut.disabled = true
  try {
    await api.signOut()
    leave()
  } catch (error) {
    status.textContent = wordsFor(error)
    signOut.disabled = false
  }
})

void watchSession({
  api,
  clock: pageClock,
  wake: pageWake,
  isHidden: () => document.hidden,
  onSession,
  onGone: leave,
  onFailure: (error) => {
    status.textContent = wordsFor(error)
  },
  signal: watching.signal,
})
