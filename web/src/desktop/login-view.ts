// What the desktop's page can be showing, and what it says then.

import { login as loginWords } from '#messages/login'
import type { TitledWords } from '../page/words.ts'
import type { Connection } from '../poll/poller.ts'
import { isSooner } from '../wire/ending.ts'
import type { BrowserReply, LoginReply } from '../wire/protocol.ts'
import { signedInWords, tryingAgainWords } from './login-words.ts'

/** A time that a ring shows: when it is over, on the page's clock, and how long all of it was. */
export interface Span {
  readonly endsAt: number
  readonly wholeSeconds: number
}

export type LoginView =
  | { readonly kind: 'starting' }
  /** `span`: the time until the page tries again, if the server named it. `isOver`: the page does not try again. */
  | { readonly kind: 'start_failed'; readonly error: unknown; readonly isOver: boolean; readonly span?: Span }
  /** `span`: until the code is renewed. `endsAt`: when the login is over, however often that happens. */
  | { readonly kind: 'pending'; readonly login: LoginReply; readonly span: Span; readonly endsAt: number }
  | { readonly kind: 'scanned'; readonly span: Span }
  | { readonly kind: 'match_required'; readonly triesLeft: number; readonly span: Span }
  | { readonly kind: 'authenticated'; readonly userName: string | undefined; readonly redirectTo: string }
  | { readonly kind: 'denied' | 'tries_used' | 'expired' | 'displaced' | 'cookies_needed' }

/**
 * The view that a status reply leads to. `undefined`: the one for `pending`, which needs the login itself.
 * @param span of the state that the reply says
 */
export function viewOf(reply: BrowserReply, span: Span): LoginView | undefined {
  switch (reply.status) {
    case 'pending':
      return undefined
    case 'denied':
    case 'expired':
      return { kind: reply.status }
    case 'scanned':
      return { kind: 'scanned', span }
    case 'match_required':
      return { kind: 'match_required', triesLeft: reply.triesLeft, span }
    case 'authenticated':
      return { kind: 'authenticated', userName: reply.userName, redirectTo: reply.redirectTo }
    default:
      return reply satisfies never
  }
}

/** A view after which nothing comes unless the person asks for it. */
export const isEnd = ({ kind }: LoginView): boolean =>
  kind === 'denied' || kind === 'tries_used' || kind === 'expired' || kind === 'displaced'

/** Whether `next` tells nothing new: every poll brings a reply. */
export function isSameView(shown: LoginView | undefined, next: LoginView): boolean {
  if (shown?.kind === 'match_required' && next.kind === 'match_required' && shown.triesLeft !== next.triesLeft)
    return false
  if (shown?.kind === 'expired') return next.kind === 'expired'
  if (shown?.kind !== 'scanned' && shown?.kind !== 'match_required') return false
  return shown.kind === next.kind && !isSooner(next.span.endsAt, shown.span.endsAt)
}

export function statusWords(view: LoginView, connection: Connection, isOnline: boolean): TitledWords {
  if (connection === 'reconnecting') return isOnline ? loginWords.reconnecting : loginWords.offline
  // The reason is said by start-failed.ts, which is loaded with the forms.
  if (view.kind === 'start_failed' && view.isOver) return { title: loginWords.failed, more: '' }
  if (view.kind === 'start_failed') return tryingAgainWords(view.error, isOnline)
  return view.kind === 'authenticated' ? signedInWords(view.userName) : loginWords[view.kind]
}
