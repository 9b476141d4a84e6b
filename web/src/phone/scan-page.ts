// The script of scan.html.
import { accountProblem } from '#messages/accountProblem'
import { passkey as passkeyWords } from '#messages/passkey'
import { phone as phoneWords } from '#messages/phone'
import { findPart } from '../page/find-part.ts'
import { startLanguageChooser } from '../page/language-chooser.ts'
import { addSheet } from '../page/late-sheet.ts'
import { later } from '../page/later.ts'
import { pageStarted } from '../page/page-started.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { learnProblems, wordsFor } from '../page/words.ts'
import { pageAuthenticator as authenticator } from '../passkeys/authenticator.ts'
import { createPasskeyAdding } from '../passkeys/passkey-adding.ts'
import { createPasskeySignIn } from '../passkeys/passkey-sign-in.ts'
import { pageWake } from '../poll/page-wake.ts'
import { createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import type { ApprovalCards } from './approval-cards.ts'
import { createCodeChooser } from './code-chooser.ts'
import { createLateAccountParts } from './late-account-parts.ts'
import { keepOfflinePage } from './offline-page.ts'
import { createPendingToken } from './pending-token.ts'
import { createPhoneSections, type PhoneSection } from './phone-sections.ts'
import { createProviderSignIn } from './provider-sign-in.ts'
import { createScanFlow } from './scan-flow.ts'
import { createSignInForm } from './sign-in-form.ts'

/** Named by the build: how everything looks that only those see who are signed in. */
declare const DEVICES_SHEET: string

learnProblems(accountProblem)
const api = createApi({ fetch: (input, init) => fetch(input, init) })
const status = findPart(document, '#status', HTMLElement)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const showSection = createPhoneSections(document)

const show = (section: PhoneSection, { words = '', withDevices = false } = {}) => {
  if (section !== 'chooser') chooser.leave()
  if (section !== 'request') cards?.leave()
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
  loadApproval: async () => (await loadCards()).createApproval,
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
    if (view.kind === 'done') account.approved(view.login)
    cards?.show(view, approval)
    show(view.kind === 'asking' ? 'request' : 'result', { withDevices: view.kind === 'done' || view.kind === 'ended' })
  },
  onConnection: (connection) => {
    status.textContent = connection === 'reconnecting' ? phoneWords.reconnecting : ''
  },
})

const signedIn = () => void flow.signedIn()
const form = createSignInForm({ root: document, api, onSignedIn: signedIn })
const passkeySignIn = createPasskeySignIn({
  root: document,
  page: document,
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
const loadSheet = later(() => addSheet(DEVICES_SHEET))
let cards: ApprovalCards | undefined
const loadCards = later(async () => {
  const [{ createApprovalCards }] = await Promise.all([import('./approval-cards.ts'), loadSheet()])
  cards = createApprovalCards({
    root: document,
    clock: pageClock,
    passkeys: {
      has: async () => (await api.passkeys()).length > 0,
      add,
      whyNone: authenticator.missing && passkeyWords[authenticator.missing],
    },
    onAgain: () => void flow.begin(),
    onEndOthers: () => void account.askToEndOthers(),
  })
  return cards
})
const account = createLateAccountParts(
  async () => {
    const [{ createAccountParts }] = await Promise.all([import('./account-parts.ts'), loadSheet()])
    return createAccountParts({
      root: document,
      api,
      authenticator,
      addPasskey: add,
      onDevices: (list) => cards?.offerToEndOthers(list.some(({ current }) => !current)),
      onSignInAgain: flow.signInAgain,
      onSignedOut: flow.signedOut,
    })
  },
  () => {
    status.textContent = phoneWords.noAccountParts
  },
)

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
