import type { TabMemory } from '../page/tab-memory.ts'
import { tokenOfFragment } from '../wire/scan-link.ts'

export interface Kept {
  readonly token: string
  /** Its last try at the digits was sent: where it is refused, that is why. */
  readonly isLastTrySent: boolean
}

/** The login that a page goes on with after a reload. */
export interface KeptLogin {
  /** The login that this page has under way, or an earlier page of this tab had, once: it is this page's from now on. */
  take(): Kept | undefined
  keep(token: string, isLastTrySent: boolean): void
  forget(): void
}

export interface KeptLoginParts {
  readonly memory: TabMemory
  readonly returnTo: string | undefined
  /** Tells when the page goes. Where the browser brings it back, what it has put down it is to take again. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  /** Whether the page is in sight. Fires `visibilitychange`. */
  readonly sight: Pick<Document, 'addEventListener' | 'hidden'>
  readonly signal: AbortSignal
}

// The public half alone. What collects the session is in a cookie that no script reads.
const KEY = 'scanin.login'
// Before the token, which has no such sign.
const LAST_TRY = '!'

/**
 * Keeps a login's token for the next page of this tab. It is put down only while the page is out of sight or goes: a tab
 * in sight that is duplicated gives its copy nothing, for two pages with one login would renew the QR in turns; one that
 * is duplicated out of sight loses its login to the copy. Out of sight a page may end without another word: a browser
 * that is short of memory discards it, or kills it.
 */
export function createKeptLogin({ memory, returnTo, page, sight, signal }: KeptLoginParts): KeptLogin {
  // A login leads where it was started for: another `return_to` is another login.
  const suffix = ` ${returnTo ?? ''}`
  let current: string | undefined
  /** From then on what is put down is for the next page, until this one is back. */
  let isGone = false
  const take = () => {
    isGone = false
    const stored = [memory.get(KEY), current].find((each) => each?.endsWith(suffix))
    memory.remove(KEY)
    if (stored === undefined) return undefined
    const kept = stored.slice(0, -suffix.length)
    const token = tokenOfFragment(kept.replace(LAST_TRY, ''))
    return token === undefined ? undefined : { token, isLastTrySent: kept !== token }
  }
  const put = (isDown: boolean) => {
    if (isDown && current !== undefined) memory.set(KEY, current)
    else memory.remove(KEY)
  }
  const putAsSeen = () => {
    if (!isGone) put(sight.hidden)
  }
  const onHide = () => {
    put(true)
    isGone = true
  }
  page.addEventListener('pagehide', onHide, { signal })
  sight.addEventListener('visibilitychange', putAsSeen, { signal })

  return {
    take,
    keep(token, isLastTrySent) {
      current = (isLastTrySent ? LAST_TRY + token : token) + suffix
      isGone = false
      putAsSeen()
    },
    forget() {
      current = undefined
      putAsSeen()
    },
  }
}
