// The script of oauth-sign-out.html: an application has asked to sign somebody out, and they are asked whether they want to.

import { accountProblem } from '#messages/accountProblem'
import { learnProblems, wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { startLanguageChooser } from '../page/language-chooser.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { pageStarted } from '../page/page-started.ts'
import { createApi } from '../wire/api.ts'
import { openOtherTabs } from './other-tabs.ts'

learnProblems(accountProblem)
const api = createApi({ fetch: (input, init) => fetch(input, init) })
const status = findPart(document, '#status', HTMLElement)
const tabs = openOtherTabs()
const signOut = findPart(document, '#sign-out', HTMLButtonElement)

signOut.addEventListener('click', () =>
  onceAtATime(signOut, async () => {
    try {
      await api.signOut()
      tabs.tell()
      // The server has checked it: an address that the application has registered, or our own page.
      location.assign(signOut.dataset['next'] ?? '/')
    } catch (error) {
      status.textContent = wordsFor(error)
    }
  }),
)

startLanguageChooser()
pageStarted()
