import type { TabMemory } from '../page/tab-memory.ts'
import { tokenOfFragment } from '../wire/scan-link.ts'

export interface Kept {
  readonly token: string
  /** The last try at the digits was sent: if the login is denied, that try was wrong. */
  readonly isLastTrySent: boolean
}

/** The login that a page goes on with after a reload. */
export interface KeptLogin {
  /** Takes the login that this page, or an earlier one of this tab, has under way: no other page goes on with it. */
  take(): Kept | undefined
  keep(token: string, isLastTrySent: boolean): void
  forget(): void
}

export interface KeptLoginParts {
  readonly memory: TabMemory
  readonly returnTo: string | undefined
  /** Fires `pagehide`. If the browser brings the page back, the page must `take` again what it has put down. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  /** Whether the page is in sight. Fires `visibilitychange`. */
  readonly sight: Pick<Document, 'addEventListener' | 'hidden'>
  readonly signal: AbortSignal
}

// The public half alone. What collects the session is in a cookie that no script reads.
const KEY = 'scanin.login'
// Stands before a token, which itself never has it.
const LAST_TRY = '!'

/**
 * Keeps a login's token for the next page of this tab, stored only while the page is hidden or goes. A visible tab that
 * is duplicated gives its copy no login: two pages with one login would renew the QR in turns. A hidden one loses its
 * login to the copy. A hidden page may end without an event: a browser that is short of memory discards or kills it.
 */
export function createKeptLogin({ memory, returnTo, page, sight, signal }: KeptLoginParts): KeptLogin {
  // A login ends at the `return_to` that it was started with, so only a page with the same one goes on with it.
  const suffix = ` ${returnTo ?? ''}`
  let current: string | undefined
  /** After `pagehide` the stored token belongs to the next page, until this one is back. */
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
