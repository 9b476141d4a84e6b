import type { Clock } from '../wire/clock.ts'

export interface LeavingParts {
  readonly page: Pick<Document, 'hidden'>
  readonly location: Pick<Location, 'href' | 'hash' | 'reload' | 'replace'>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** How long the page says that the person is in, before it leaves. */
const HELD_MS = 700

/** Leaves the page for what the server has named, unless the signal aborts before. */
export async function leaveFor(redirectTo: string, { page, location, clock, signal }: LeavingParts): Promise<void> {
  if (!page.hidden) await clock.sleep(HELD_MS, signal)
  if (signal.aborted) return
  const target = new URL(redirectTo, location.href)
  // The server has checked the address, but `javascript:` would run in this page.
  if (!/^https?:$/.test(target.protocol)) target.href = '/home'
  // As with any redirect (RFC 9110 §10.2.2): a fragment that came here on the way to an application goes on with it.
  if (target.hash === '') target.hash = location.hash
  // The same address with a fragment would only scroll.
  if (target.href === location.href) location.reload()
  else location.replace(target)
}
