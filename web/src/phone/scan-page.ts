// The script of scan.html.

import { accountProblem } from '#messages/accountProblem'
import { passkey as passkeyWords } from '#messages/passkey'
import { phone as phoneWords } from '#messages/phone'
import { findPart } from '../page/find-part.ts'
import { startLanguageChooser } from '../page/language-chooser.ts'
import { pageStarted } from '../page/page-started.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { learnProblems, wordsFor } from '../page/words.ts'
import { pageAuthenticator as authenticator } from '../passkeys/authenticator.ts'
import { createPasskeyAdding } from '../passkeys/passkey-adding.ts'
import { createPasskeySignIn } from '../passkeys/passkey-sign-in.ts'
import { pageWake } from '../poll/page-wake.ts'
import { createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import type { ApprovalView } from './approval.ts'
import { createCodeChooser } from './code-chooser.ts'
import { createLateAccountParts } from './late-account-parts.ts'
import { keepOfflinePage } from './offline-page.ts'
import { createPendingToken } from './pending-token.ts'
import { createPhoneSections, type PhoneSection } from './phone-sections.ts'
import { createProviderSignIn } from './provider-sign-in.ts'
import { createRequestCard } from './request-card.ts'
import { createResultCard, type ResultView } from './result-card.ts'
import { createScanFlow } from './scan-flow.ts'
import { createSignInForm } from './sign-in-form.ts'

learnProblems(accountProblem)
const api = createApi({ fetch: (input, init) => fetch(input, init) })
const status = findPart(document, '#status', HTMLElement)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const showSection = createPhoneSections(document)

const show = (section: PhoneSection, { words = '', withDevices = false } = {}) => {
  if (section !== 'chooser') chooser.leave()
  if (section !== 'request') card.hide()
  if (section !== 'sign-in') passkeySignIn.leave()
  status.textContent = words
  account.show(withDevices)
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
    account.forget()
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
    if (view.kind === 'done') account.approved(view.login)
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
  onEndOthers: () => void account.askToEndOthers(),
})
const account = createLateAccountParts(
  async () => {
    const { createAccountParts } = await import('./account-parts.ts')
    return createAccountParts({
      root: document,
      api,
      authenticator,
      addPasskey: add,
      onDevices: (list) => result.offerToEndOthers(list.some(({ current }) => !current)),
      onSignInAgain: flow.signInAgain,
      onSignedOut: flow.signedOut,
    })
  },
  () => {
    status.textContent = phoneWords.noAccountParts
  },
)

function resultOf(view: Exclude<ApprovalView, { kind: 'asking' }>): ResultView {
  switch (view.kind) {
    case 'match':
      return { kind: 'match', matchCode: view.matchCode, words: phoneWords.match }
    case 'waiting':
      return { kind: 'waiting', words: phoneWords.waiting }
    case 'done':
      return view
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

startLanguageChooser()
pageStarted()
