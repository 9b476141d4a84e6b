import { tokenOfFragment } from '../wire/scan-link.ts'

// The public half alone: it is what the QR says, and it is gone with the tab.
const key = 'scanin.pending-token'

/** The code that this tab is about. It outlives a reload and a sign-in (the code was lost there in VortXTV/VortX#153). */
export const pendingToken = {
  token: (): string | undefined => tokenOfFragment(sessionStorage.getItem(key) ?? ''),
  keep: (token: string): void => sessionStorage.setItem(key, token),
  forget: (): void => sessionStorage.removeItem(key),
}

/** Takes the token out of the address bar, where it would stay in the history. Answers whether there was one. */
export function takeTokenFromAddress(): boolean {
  const token = tokenOfFragment(location.hash)
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search)
  if (token !== undefined) pendingToken.keep(token)
  return token !== undefined
}
