import type { OtherTabs } from '../sessions/other-tabs.ts'
import type { LoginApi } from '../wire/login-api.ts'

export interface SignedInElsewhereParts {
  readonly api: Pick<LoginApi, 'signedInName'>
  readonly tabs: Pick<OtherTabs, 'onNews'>
  /** Fires `visibilitychange`. */
  readonly page: Pick<Document, 'addEventListener' | 'hidden'>
  readonly onSignedIn: (userName: string) => void
  readonly signal: AbortSignal
}

/** Notices that this browser is signed in by another tab of it, at once or when this one is looked at again. */
export function watchForSignIn({ api, tabs, page, onSignedIn, signal }: SignedInElsewhereParts): void {
  const ask = async () => {
    // A failure is ignored: the login goes on, and shows its own troubles.
    const name = await api.signedInName().catch(() => undefined)
    if (name !== undefined && !signal.aborted) onSignedIn(name)
  }
  signal.addEventListener(
    'abort',
    tabs.onNews(() => void ask()),
  )
  const onVisibility = () => {
    if (!page.hidden) void ask()
  }
  page.addEventListener('visibilitychange', onVisibility, { signal })
}
