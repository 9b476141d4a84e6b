// The script of scan.html.
import { accountProblem } from '#messages/accountProblem'
import { passkey as passkeyWords } from '#messages/passkey'
import { phone as phoneWords } from '#messages/phone'
import { learnProblems, wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { startLanguageChooser } from '../page/language-chooser.ts'
import { lateModule } from '../page/late-module.ts'
import { addSheet } from '../page/late-sheet.ts'
import { later } from '../page/later.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { pageStarted } from '../page/page-started.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { tellRetrying } from '../page/tell-trouble.ts'
import { createTroubleLine } from '../page/trouble-line.ts'
import { pageAuthenticator as authenticator } from '../passkeys/authenticator.ts'
import { createPasskeyAdding } from '../passkeys/passkey-adding.ts'
import { createPasskeySignIn } from '../passkeys/passkey-sign-in.ts'
import { pageWake } from '../poll/page-wake.ts'
import type { Connection } from '../poll/poller.ts'
import { openOtherTabs } from '../sessions/other-tabs.ts'
import { createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import type { Approving } from './approving.ts'
import { createCodeChooser } from './code-chooser.ts'
import { createLateAccountLists } from './late-account-lists.ts'
import { keepOfflinePage } from './offline-page.ts'
import { createPendingToken } from './pending-token.ts'
import { createPhoneSections, type PhoneSection } from './phone-sections.ts'
import { createProviderSignIn } from './provider-sign-in.ts'
import { createScanFlow } from './scan-flow.ts'
import { createSignInForm } from './sign-in-form.ts'

/** Named by the build: the sheets for what only those see who are signed in. */
declare const DEVICES_SHEET: string
declare const REQUEST_SHEET: string

learnProblems(accountProblem)
const api = createApi({ fetch: (input, init) => fetch(input, init) })
const status = findPart(document, '#status', HTMLElement)
const trouble = createTroubleLine(status)
const said = findPart(document, '#said', HTMLElement)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const showSection = createPhoneSections(document)
const tabs = openOtherTabs()

/** Whether the form may hold what somebody typed who was signed in. What a stranger is typing stays. */
let hasBeenIn = false

/** Whether `#status` says that signing out failed. Any other words there are about what is under way. */
let isRefusalTold = false
const tellRefusal = (words: string) => {
  isRefusalTold = words !== ''
  trouble.say(words)
}

const show = (section: PhoneSection, { words = '', withDevices = false } = {}) => {
  trouble.say(words, () => true)
  turnTo(section, withDevices)
}
const turnTo = (section: PhoneSection, withDevices = false) => {
  isRefusalTold = false
  if (section !== 'chooser') chooser.leave()
  if (section !== 'request' && section !== 'result') {
    approving?.leave()
    said.textContent = ''
  }
  if (section !== 'sign-in') passkeySignIn.leave()
  account.show(withDevices)
  showSection(section)
}

const askToSignIn = (why: string, { isAgain }: { isAgain: boolean }) => {
  form.show(why)
  providerSignIn.show(isAgain)
  show('sign-in')
  passkeySignIn.show()
}

const onConnection = (connection: Connection) => {
  trouble.sayOfLook(connection === 'reconnecting' ? phoneWords.reconnecting : '')
}
const pending = createPendingToken({ memory: tabMemory, address: location, history })
const flow = createScanFlow({
  api,
  clock: pageClock,
  random: Math.random,
  wake: pageWake,
  pending,
  loadApproving: () => loadApproving(),
  onReturn: () => {
    if (isRefusalTold) tellRefusal('')
    account.refresh()
  },
  onLoading: (words) => show('loading', { words }),
  onRetrying: (error) => {
    turnTo('loading')
    tellRetrying(status, error)
  },
  onSignIn: (why) => {
    if (hasBeenIn) form.forget()
    hasBeenIn = false
    account.belongTo(undefined)
    askToSignIn(why, { isAgain: false })
  },
  // The account lists stay as they are: the person has yet to say of what is new whether it was theirs.
  onSignInAgain: () => askToSignIn(passkeyWords.signInAgain, { isAgain: true }),
  onUser: ({ id, name }, isNew) => {
    hasBeenIn = true
    account.belongTo(id)
    // People who come back from the team's provider signed in on no page of ours, so no tab has been told.
    if (isNew) tabs.tellFirst()
    void keepOfflinePage(navigator)
    for (const place of document.querySelectorAll('.account')) place.textContent = name
  },
  onChooser: (error) => {
    show('chooser', { withDevices: true })
    chooser.show(error)
  },
  onConnection,
})

const signedIn = () => {
  tabs.tell()
  void flow.signedIn()
}
const form = createSignInForm({ root: document, api, onSignedIn: signedIn })
const passkeySignIn = createPasskeySignIn({
  root: document,
  page: document,
  api,
  authenticator,
  clock: pageClock,
  random: Math.random,
  wake: pageWake,
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
const add = createPasskeyAdding({
  api,
  authenticator,
  onSignInAgain: flow.signInAgain,
  onAdding: (id) => account.approved(`passkey_added ${id}`),
})
const chooser = createCodeChooser({ root: document, clock: pageClock, onCode: (code) => void flow.open(code) })
const loadApprovingModule = lateModule(() => import('./approving.ts'))
const loadAccountModule = lateModule(() => import('./account-lists.ts'))
let approving: Approving | undefined
const loadApproving = later(async () => {
  const [{ createApproving }] = await Promise.all([loadApprovingModule(), addSheet(REQUEST_SHEET)])
  approving = createApproving({
    root: document,
    api,
    clock: pageClock,
    random: Math.random,
    wake: pageWake,
    prove: authenticator.get,
    passkeys: {
      has: async () => (await api.passkeys()).length > 0,
      add,
      whyNone: authenticator.missing && passkeyWords[authenticator.missing],
    },
    show,
    said,
    onConnection,
    onApproved: (login) => account.approved(login),
    onAgain: () => void flow.begin(),
    onEndOthers: () => void account.askToEndOthers(),
  })
  return approving
})
const account = createLateAccountLists(
  async () => {
    const [{ createAccountLists }] = await Promise.all([loadAccountModule(), addSheet(DEVICES_SHEET)])
    return createAccountLists({
      root: document,
      api,
      authenticator,
      addPasskey: add,
      onDevices: (list) => approving?.offerToEndOthers(list.some(({ current }) => !current)),
      onSignInAgain: flow.signInAgain,
      onSignedOut: flow.signedOut,
    })
  },
  () => trouble.sayOfLook(phoneWords.noAccountLists),
)

const leave = async () => {
  tellRefusal('')
  try {
    await api.signOut()
    tabs.tell()
    flow.signedOut()
  } catch (error) {
    tellRefusal(wordsFor(error))
  }
}
signOut.addEventListener('click', () => void onceAtATime(signOut, leave))

// A second code from the phone's own camera app comes to this very page as a new fragment.
window.addEventListener('hashchange', () => {
  if (location.hash !== '') void flow.begin()
})

const lookAgain = () => void flow.lookAgain()
tabs.onNews(lookAgain)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) lookAgain()
})

void flow.begin()

startLanguageChooser()
pageStarted()
