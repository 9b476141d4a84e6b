import type { User } from '../../../../server/identity/identity.ts'
import type { Login, Phone } from '../../../../server/login/login.ts'
import { sessionIdOf } from '../../../../server/session/session.ts'

/**
 * What must hold whatever happens in whatever order. `LOGIN_MODEL_RUNS` makes the search longer by hand; a failure
 * prints the steps, shortened, and the seed.
 */

export const RUNS = Number(process.env['LOGIN_MODEL_RUNS'] ?? 100)
export const SEED = 20_261

export const POLICY = { lifeMs: 60_000, confirmMs: 20_000, collectMs: 15_000, qrRefreshMs: 8000, qrOverlapMs: 3000 }
/** How long a hand-over repeats; the rule's own number is no business of its users. */
export const REPEAT_MS = 10_000

/** How long each state may last from when it is entered. */
export const LONGEST_MS = {
  scanned: POLICY.confirmMs,
  match_required: POLICY.confirmMs,
  authenticated: POLICY.collectMs,
  delivered: POLICY.collectMs + REPEAT_MS,
  denied: POLICY.collectMs,
}

const ZOFIA: User = { id: 'zofia', name: 'Zofia' }
const YUSUF: User = { id: 'yusuf', name: 'Yusuf' }

/** A phone of a story, with the secret of the session that it is signed in by; without one, by a token that ends by itself. */
export interface StoryPhone extends Phone {
  secret?: string
}

export const BEGINNING = 1_000_000
export const TOKEN_MS = 25_000

export const signedIn = (user: User, secret: string): StoryPhone => ({ id: sessionIdOf(secret), user, secret })
export const byToken = (user: User, now: number): StoryPhone => ({
  id: `bearer ${user.id}`,
  user,
  goodUntil: now + TOKEN_MS,
})

/** The last two are one person's. */
export const PHONES = [byToken(ZOFIA, BEGINNING), signedIn(YUSUF, 'phone-1'), signedIn(YUSUF, 'phone-2')] as const

export const BROWSER_AT = { address: '192.0.2.1', isKnown: true }
export const FINAL = new Set<Login['status']>(['delivered', 'denied'])
export const NEXT: Record<Login['status'], readonly Login['status'][]> = {
  pending: ['pending', 'scanned', 'denied'],
  scanned: ['scanned', 'match_required', 'authenticated', 'denied'],
  match_required: ['match_required', 'authenticated', 'denied'],
  authenticated: ['authenticated', 'delivered', 'denied'],
  delivered: ['delivered'],
  denied: ['denied'],
}
