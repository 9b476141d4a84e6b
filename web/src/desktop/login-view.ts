// What the desktop's page can be showing, and what it says then.

import { loginWords } from '../page/words.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'

export type LoginView =
  | { readonly kind: 'starting' }
  | { readonly kind: 'start_failed'; readonly words: string }
  | { readonly kind: 'pending'; readonly login: LoginReply; readonly renewAt: number }
  | { readonly kind: 'scanned' }
  | { readonly kind: 'match_required'; readonly triesLeft: number }
  | { readonly kind: 'authenticated'; readonly userName: string | undefined; readonly redirectTo: string }
  | { readonly kind: 'denied' | 'expired' | 'displaced' | 'cookies_needed' }

/** The view that a status reply leads to. `undefined`: the one for `pending`, which needs the login itself. */
export function viewOf(reply: BrowserReply): LoginView | undefined {
  switch (reply.status) {
    case 'pending':
      return undefined
    case 'scanned':
    case 'denied':
    case 'expired':
      return { kind: reply.status }
    case 'match_required':
      return { kind: 'match_required', triesLeft: reply.triesLeft }
    case 'authenticated':
      return { kind: 'authenticated', userName: reply.userName, redirectTo: reply.redirectTo }
    default:
      return reply satisfies never
  }
}

export function statusWords(view: LoginView): string {
  switch (view.kind) {
    case 'start_failed':
      return view.words
    case 'authenticated':
      return loginWords.signedIn(view.userName)
    case 'starting':
    case 'pending':
    case 'scanned':
    case 'match_required':
    case 'denied':
    case 'expired':
    case 'displaced':
    case 'cookies_needed':
      return loginWords[view.kind]
    default:
      return view satisfies never
  }
}
