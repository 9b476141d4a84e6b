// What the login page puts together, in its language.
import { login } from '#messages/login'
import { trouble } from '#messages/trouble'
import { clockWords, inWords, numberWords } from '../page/moment-words.ts'
import { setApart, type TitledWords } from '../page/words.ts'
import { ApiError, isProblem } from '../wire/api-error.ts'

export function signedInWords(name: string | undefined): TitledWords {
  const title = name === undefined ? login.signedIn : login.signedInAs({ name: setApart(name) })
  return { title, more: login.moment }
}

/** Why there is no code yet, and when the page tries again by itself. */
export function tryingAgainWords(error: unknown, isOnline: boolean): TitledWords {
  if (!isOnline) return { title: login.offline.title, more: login.offlineTrying }
  if (!(error instanceof ApiError)) return login.unreachable
  const wait = error.retryAfterSeconds
  const more = wait ? trouble.tryingIn({ when: inWords(wait) }) : login.trying
  // By its status, because proxies limit requests too.
  if (error.status === 429) return { title: login.slow_down, more }
  if (isProblem(error, 'overloaded')) return { title: login.overloaded, more }
  return { title: login.having_trouble.title, more: login.having_trouble.more({ more }) }
}

/** A time that counts down, for the eye: minutes and seconds, or seconds alone. */
export function leftWords(seconds: number): string {
  return seconds < 60 ? login.seconds({ seconds: numberWords(seconds) }) : clockWords(seconds)
}
