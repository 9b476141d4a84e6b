// The script of scan.html.

import { findPart } from '../page/find-part.ts'
import { pageStarted } from '../page/page-started.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { passkeyWords, phoneWords, wordsFor } from '../page/words.ts'
import { pageAuthenticator as authenticator } from '../passkeys/authenticator.ts'
import { createPasskeyAdding } from '../passkeys/passkey-adding.ts'
import { createPasskeyList } from '../passkeys/passkey-list.ts'
import { createPasskeySignIn } from '../passkeys/passkey-sign-in.ts'
import { pageWake } from '../poll/page-wake.ts'
import { createEventList } from '../sessions/event-list.ts'
import { createLinkedDevices } from '../sessions/linked-devices.ts'
import { createNewLinks } from '../sessions/new-links.ts'
import { createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import type { ApprovalView } from './approval.ts'
import { createCodeChooser } from './code-chooser.ts'
import { keepOfflinePage } from './offline-page.ts'
import { createPendingToken } from './pending-token.ts'
import { createPhoneSections, type PhoneSection } from './phone-sections.ts'
import { createProviderSignIn } from './provider-sign-in.ts'
import { createRequestCard } from './request-card.ts'
import { createResultCard, type ResultView } from './result-card.ts'
import { createScanFlow } from './scan-flow.ts'
import { createSignInForm } from './sign-in-form.ts'

const api = createApi({ fetch: (input, init) => fetch(input, init) })
const status = findPart(document, '#status', HTMLElement)
const devicesPart = findPart(document, '#devices', HTMLElement)
const activity = findPart(document, '#activity', HTMLElement)
const passkeysPart = findPart(document, '#passkeys', HTMLElement)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const showSection = createPhoneSections(document)

const show = (section: PhoneSection, { words = '', withDevices = false } = {}) => {
  if (section !== 'chooser') chooser.leave()
  if (section !== 'request') card.hide()
  if (section !== 'sign-in') passkeySignIn.leave()
  status.textContent = words
  devicesPart.hidden = !withDevices
  passkeysPart.hidden = !withDevices
  activity.hidden = !withDevices
  newLinks.show(withDevices)
  if (withDevices) {
    void devices.refresh()
    void passkeys.refresh()
  }
  showSection(section)
}

const pending = createPendingToken({ memory: tabMemory, address: location, history })
const flow = createScanFlow({
  api,
  clock: pageClock,
  random: Math.random,
  wake: pageWake,
  pending,
  prove: authenticator.get,
  onLoading: (words) => show('loading', { words }),
  onSignIn: (why) => {
    form.show(why)
    newLinks.forget()
    events.forget()
    providerSignIn.show(why === passkeyWords.signInAgain)
    show('sign-in')
    passkeySignIn.show()
  },
  onUser: (userName) => {
    void keepOfflinePage(navigator)
    for (const place of document.querySelectorAll('.account')) place.textContent = userName
  },
  onChooser: (words) => {
    show('chooser', { withDevices: true })
    chooser.show(words)
  },
  onApproval: (view, approval) => {
    if (view.kind === 'asking') {
      card.show(view.request, view.endsAt, approval)
      show('request')
      return
    }
    if (view.kind === 'done') newLinks.approved(view.login)
    result.show(resultOf(view))
    show('result', { withDevices: view.kind === 'done' || view.kind === 'ended' })
  },
  onConnection: (connection) => {
    status.textContent = connection === 'reconnecting' ? phoneWords.reconnecting : ''
  },
})

const signedIn = () => void flow.signedIn()
const form = createSignInForm({ root: document, api, onSignedIn: signedIn })
const passkeySignIn = createPasskeySignIn({
  root: document,
  api,
  authenticator,
  clock: pageClock,
  onSignedIn: signedIn,
})
const providerSignIn = createProviderSignIn({
  root: document,
  api,
  returnTo: () => {
    const token = pending.token()
    return token === undefined ? location.pathname : `${location.pathname}#${token}`
  },
  go: (address) => location.assign(address),
})
const add = createPasskeyAdding({ api, authenticator, onSignInAgain: flow.signInAgain })
const chooser = createCodeChooser({ root: document, clock: pageClock, onCode: (code) => void flow.open(code) })
const card = createRequestCard({
  root: document,
  clock: pageClock,
  passkeys: {
    has: async () => (await api.passkeys()).length > 0,
    add,
    whyNone: authenticator.missing && passkeyWords[authenticator.missing],
  },
})
const result = createResultCard({
  root: document,
  onAgain: () => void flow.begin(),
  onEndOthers: () => void devices.askToEndOthers(),
})
const devices = createLinkedDevices({
  root: document,
  api,
  onSignedOut: flow.signedOut,
  onList: (list) => {
    result.offerToEndOthers(list.some(({ current }) => !current))
    void newLinks.onList(list)
  },
})
const newLinks = createNewLinks({ root: document, api, end: devices.end })
const events = createEventList({ root: document, api, onSignedOut: flow.signedOut })
const passkeys = createPasskeyList({
  root: document,
  api,
  authenticator,
  add,
  onSignInAgain: flow.signInAgain,
  onSignedOut: flow.signedOut,
})

function resultOf(view: Exclude<ApprovalView, { kind: 'asking' }>): ResultView {
  switch (view.kind) {
    case 'match':
      return { kind: 'match', matchCode: view.matchCode, words: phoneWords.match }
    case 'waiting':
      return { kind: 'waiting', words: phoneWords.waiting }
    case 'done':
      return { kind: 'done', words: { title: view.words, more: '' } }
    case 'ended':
      return view
    default:
      return view satisfies never
  }
}

signOut.addEventListener('click', async () => {
  try {
    await api.signOut()
    flow.signedOut()
  } catch (error) {
    status.textContent = wordsFor(error)
  }
})

// A second code from the phone's own camera app comes to this very page as a new fragment.
window.addEventListener('hashchange', () => {
  if (location.hash !== '') void flow.begin()
})

void flow.begin()

pageStarted()
