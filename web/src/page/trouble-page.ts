// The script of trouble.html: tries again by itself. Without it the page stands as it is, and its button does.
import { startTrouble } from '#messages/startTrouble'
import { trouble } from '#messages/trouble'
import { pageClock } from '../wire/clock.ts'
import { LONGEST_PATIENCE_MS, within } from '../wire/within.ts'
import { comeBack } from './coming-back.ts'
import { findPart } from './find-part.ts'
import { inWords } from './moment-words.ts'
import { pageStarted } from './page-started.ts'
import { tabMemory } from './tab-memory.ts'

const place = findPart(document, '#trying', HTMLElement)
const heard = findPart(place, '.unseen', HTMLElement)
const seen = findPart(place, '[aria-hidden]', HTMLElement)
const again = findPart(document, '#again', HTMLAnchorElement)

/**
 * Asks `/readyz` and not this page's address, which may be good for one request alone: it may hold a provider's code.
 */
async function isAnswering(): Promise<boolean> {
  const ask = (signal: AbortSignal) => fetch('/readyz', { cache: 'no-store', redirect: 'manual', signal })
  try {
    const { status } = await within(LONGEST_PATIENCE_MS, ask)
    // Any other status is no trouble of the service: a proxy may keep `/readyz` from people.
    return status < 500 && status !== 429
  } catch {
    return false
  }
}

again.addEventListener('click', (event) => {
  event.preventDefault()
  // Keeps the fragment, which on the phone is the code that was scanned; the link would drop it.
  location.reload()
})

void comeBack({
  clock: pageClock,
  random: Math.random,
  today: Date.now,
  memory: tabMemory,
  page: document,
  window,
  ask: isAnswering,
  onSecond: (left) => {
    seen.textContent = left === 0 ? startTrouble.away : trouble.tryingIn({ when: inWords(left) })
    // Said once, the first time: what counts is for the eye.
    if (left === 0) heard.textContent = startTrouble.away
  },
  goBack: () => location.reload(),
})

pageStarted()
