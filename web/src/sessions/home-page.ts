// The script of home.html.

import { accountProblem } from '#messages/accountProblem'
import { home as homeWords } from '#messages/home'
import { closeDialogs } from '../page/close-dialogs.ts'
import { learnProblems, wordsFor } from '../page/error-words.ts'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { startLanguageChooser } from '../page/language-chooser.ts'
import { timeElement } from '../page/moment-words.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { createOwner } from '../page/owner.ts'
import { pageStarted } from '../page/page-started.ts'
import { tabMemory } from '../page/tab-memory.ts'
import { createTroubleLine } from '../page/trouble-line.ts'
import { pageWake } from '../poll/page-wake.ts'
import { createApi } from '../wire/api.ts'
import { pageClock } from '../wire/clock.ts'
import type { CurrentSession } from '../wire/session-protocol.ts'
import { createEventList } from './event-list.ts'
import { createLinkedDevices } from './linked-devices.ts'
import { openOtherTabs } from './other-tabs.ts'
import { createSessionEnd } from './session-end.ts'
import { watchSession } from './session-watch.ts'
import { createVisitNotes } from './visit-notes.ts'
import { createWayOut } from './way-out.ts'

learnProblems(accountProblem)
const api = createApi({ fetch: (input, init) => fetch(input, init) })
const userName = findPart(document, '#user-name', HTMLElement)
const email = findPart(document, '#user-email', HTMLElement)
const since = findPart(document, '#signed-in-since', HTMLElement)
const status = findPart(document, '#status', HTMLElement)
const trouble = createTroubleLine(status)
const signOut = findPart(document, '#sign-out', HTMLButtonElement)
const approve = findPart(document, '#approve', HTMLElement)
const main = findPart(document, 'main.middle', HTMLElement)
const stranger = findPart(document, '#stranger', HTMLElement)
const wayOut = createWayOut({ memory: tabMemory, now: Date.now })
const tabs = openOtherTabs()
const watching = new AbortController()

const leave = () => {
  watching.abort()
  location.replace('/')
}
const onGone = () => {
  // Two requests may find it out in one moment: the second would take the way out of the first for a circle.
  if (watching.signal.aborted) return
  if (wayOut.leads()) return leave()
  watching.abort()
  belongTo(undefined)
  const heading = findPart(stranger, 'h1', HTMLElement)
  const title = heading.textContent ?? ''
  document.title = document.title.replace(/^[^·]*/, `${title} `)
  closeDialogs(document)
  main.hidden = true
  stranger.hidden = false
  status.className = 'unseen'
  trouble.say(title)
  heading.focus()
}
const notes = createVisitNotes(api)
const devices = createLinkedDevices({
  root: document,
  api,
  onSignedOut: onGone,
  onList: (list) => {
    // On a phone, scan.html tells all that is new, even what has ended since, and asks whether it was theirs.
    if (list.some(({ current, kind }) => current && kind === 'phone')) return
    void notes.note(list.filter(({ isNew }) => isNew).map(({ createdAt }) => createdAt))
  },
})
const events = createEventList({ root: document, api, onSignedOut: onGone })
const belongTo = createOwner([devices, events, notes, { forget: () => trouble.say('') }])

const end = createSessionEnd({ root: document, clock: pageClock })
const onSession = ({ user, session }: CurrentSession) => {
  belongTo(user.id)
  end.follow(session)
  wayOut.forget()
  trouble.sayOfLook('')
  userName.textContent = user.name
  email.textContent = user.email ?? ''
  fill(since, (time) => homeWords.signedInSince({ time }), timeElement(session.createdAt))
  approve.hidden = session.kind !== 'phone'
  main.hidden = false
  void devices.refresh()
}

signOut.addEventListener('click', () =>
  onceAtATime(signOut, async () => {
    trouble.say('')
    try {
      await api.signOut()
      tabs.tell()
      leave()
    } catch (error) {
      trouble.say(wordsFor(error))
    }
  }),
)

void watchSession({
  api,
  clock: pageClock,
  wake: pageWake,
  onNews: tabs.onNews,
  isHidden: () => document.hidden,
  onSession,
  onGone,
  onFailure: (error) => trouble.sayOfLook(wordsFor(error)),
  signal: watching.signal,
})

startLanguageChooser()
pageStarted()
