// Every sentence that a state or an error code becomes. Nothing here repeats what somebody typed.
import { ApiError, type ProblemCode } from '../wire/api-error.ts'
import { DecodeError } from '../wire/decoding.ts'
import type { Application } from '../wire/protocol.ts'
import type { SessionKind } from '../wire/session-protocol.ts'

/** What the login page may be told as well. It has no room for the others' words. */
const loginProblemWords = {
  cross_site_request: 'This page was opened at an address the service does not accept. Open it from its own address.',
  expired_token: 'This code is no longer good. Show a new one on the computer and scan that.',
  wrong_match_code: 'That is not the number on your phone.',
  slow_down: 'Too many tries just now.',
  overloaded: 'Many people are signing in just now.',
  store_unavailable: 'The service is having trouble.',
  internal_error: 'Something went wrong on our side.',
  unrecognised: 'The service did not answer as expected.',
} as const

const otherProblemWords: Record<Exclude<ProblemCode, keyof typeof loginProblemWords>, string> = {
  stopping: 'The service is being restarted.',
  request_timeout: 'That took too long. Please try again.',
  invalid_request: 'That could not be understood. Please try again.',
  authentication_required: 'Please sign in first.',
  invalid_credentials: 'That user name and password do not belong together.',
  not_allowed: 'This account may not use that application.',
  unknown_application: 'That application is not set up here.',
  passkey_required: 'Confirming takes a passkey of yours.',
  recent_sign_in_required: 'For this, please sign in again first.',
  not_found: 'That is no longer there.',
  already_scanned: 'Another phone has already scanned this code. Show a new one on the computer.',
  not_scanned: 'This sign-in is not waiting for this phone. Scan the code again.',
  too_many_passkeys: 'You have as many passkeys as one person may have. Remove one first.',
  payload_too_large: 'That is too much to send.',
  unsupported_media_type: 'That could not be understood. Please reload the page.',
  passkey_refused: 'This passkey could not be added. Please try again.',
  headers_too_large: 'That is too much to send.',
  identity_provider_unavailable: 'Whoever keeps the accounts cannot be reached just now.',
}

const isOfLogin = (code: ProblemCode): code is keyof typeof loginProblemWords => code in loginProblemWords

const problemWords = (code: ProblemCode): string =>
  isOfLogin(code) ? loginProblemWords[code] : otherProblemWords[code]

export const unreachableWords = 'The service cannot be reached. Check the connection.'

/** What to tell a person about something that was caught. */
export function wordsFor(error: unknown): string {
  if (error instanceof ApiError) return withWait(problemWords(error.code), error.retryAfterSeconds)
  if (error instanceof DecodeError) return loginProblemWords.unrecognised
  return unreachableWords
}

/** As `wordsFor`, on the login page. */
export function loginWordsFor(error: unknown): string {
  if (error instanceof DecodeError) return loginProblemWords.unrecognised
  if (!(error instanceof ApiError)) return unreachableWords
  return withWait(loginProblemWords[isOfLogin(error.code) ? error.code : 'unrecognised'], error.retryAfterSeconds)
}

function withWait(words: string, retryAfterSeconds: number | undefined): string {
  if (retryAfterSeconds === undefined || retryAfterSeconds === 0) return words
  return `${words} Try again in ${durationWords(retryAfterSeconds)}.`
}

/** A duration in whole seconds, in the coarsest words that still help. */
export function durationWords(seconds: number): string {
  if (seconds < 90) return counted(Math.max(1, Math.round(seconds)), 'second')
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), 'minute')
  return counted(Math.round(seconds / 3600), 'hour')
}

export function agoWords(seconds: number): string {
  if (seconds < 60) return 'just now'
  if (seconds < 36 * 3600) return `${durationWords(seconds)} ago`
  return `${counted(Math.round(seconds / 86_400), 'day')} ago`
}

/** How many tries a match code has left. */
export function triesLeftWords(triesLeft: number): string {
  return triesLeft === 1 ? 'One try left.' : `${triesLeft} tries left.`
}

/** How many there are of something. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** As `wordsFor`, where the page tries again by itself. */
export function retryingWords(error: unknown): string {
  const words = error instanceof ApiError ? problemWords(error.code) : wordsFor(error)
  return `${words} Trying again…`
}

/** A browser and its system, as people would say them. */
export const browserWords = ({ name, os }: { name: string; os: string }): string =>
  [name, os].filter((part) => part !== '').join(' on ') || 'Unknown browser'

/** A host name as people know it out of an address; what is none stays as it is. */
export function hostOf(origin: string): string {
  try {
    return new URL(origin).host
  } catch {
    return origin
  }
}

/** An application, and where it is unless its name says so. */
export function applicationWords({ name, origin }: Pick<Application, 'name' | 'origin'>): {
  name: string
  place: string
} {
  const place = origin === undefined ? '' : hostOf(origin)
  return { name, place: place === name ? '' : place }
}

const scopeNames: Readonly<Record<string, string>> = {
  profile: 'your name',
  email: 'your e-mail address',
  groups: 'the groups you are in',
}

/** What an application learns of the person, by the scopes that it asks for. */
export const scopeWords = (scopes: readonly string[]): string =>
  scopes
    .map((scope) => scopeNames[scope])
    .filter((words) => words !== undefined)
    .join(', ') || 'who you are, and no more'

/** The desktop's live region: what it is about, and what to make of it. */
export const loginWords = {
  starting: { title: 'Getting a code…', more: '' },
  pending: { title: 'Waiting for your phone', more: '' },
  scanned: { title: 'Phone connected', more: 'Check the details and confirm on your phone.' },
  match_required: { title: 'Type the number shown on your phone', more: '' },
  denied: {
    title: 'Refused on the phone',
    more: 'Nobody was signed in. Was it a mistake? Show a new code and scan that.',
  },
  tries_used: {
    title: 'Wrong number, five times',
    more: 'To be safe, this sign-in has ended. Show a new code and scan that.',
  },
  expired: { title: 'This code has expired', more: 'It was not used in time. A new one takes a moment.' },
  displaced: { title: 'This code has ended early', more: 'This browser has opened newer codes in other tabs.' },
  cookies_needed: {
    title: 'Signing in needs cookies',
    more: 'This browser did not keep ours. Allow cookies for this site, then try again.',
  },
  offline: { title: 'You are offline', more: 'Reconnecting once the network is back…' },
  reconnecting: { title: 'Reconnecting…', more: 'The service cannot be reached just now.' },
  signedInAlready: (name: string) => `Signed in as ${name}.`,
} as const

export function signedInWords(name: string | undefined): TitledWords {
  return { title: name === undefined ? 'Signed in' : `Signed in as ${name}`, more: 'One moment…' }
}

/** Why there is no code yet, and when the page tries again by itself, if it does. */
export function startFailedWords(error: unknown, { isOnline, isOver }: { isOnline: boolean; isOver: boolean }) {
  if (isOver) return { title: 'That did not work', more: loginWordsFor(error) }
  if (!isOnline) return { title: loginWords.offline.title, more: 'Trying again once the network is back…' }
  if (!(error instanceof ApiError)) {
    return { title: 'The service cannot be reached', more: 'Check the connection. Trying again…' }
  }
  const wait = error.retryAfterSeconds
  const more = wait ? `Trying again in ${durationWords(wait)}…` : 'Trying again…'
  if (error.code === 'slow_down') return { title: 'Too many tries just now', more }
  if (error.code === 'overloaded') return { title: 'Many people are signing in just now', more }
  return { title: 'The service is having trouble', more: `It is not you. ${more}` }
}

/** What the rings say, beside what is left of their time. */
export const ringWords = {
  pending: (left: string) => `New code in ${left}`,
  renewing: 'Renewing…',
  scanned: (left: string) => `${left} left to confirm`,
  match_required: (left: string) => `${left} left`,
  start_failed: (left: string) => `Trying again in ${left}`,
} as const

/** A time that counts down, for the eye: minutes and seconds, or seconds alone. */
export function leftWords(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Of the code to type. */
export const copyWords = { copy: 'Copy', copied: 'Copied', failed: 'Select the code and copy it.' } as const

/** A heading and what there is to say under it. */
export interface TitledWords {
  readonly title: string
  readonly more: string
  /** Somebody else may have begun it: what to do next is said too. */
  readonly mayBeAttack?: true
}

/** The phone's live region and result. */
export const phoneWords = {
  loading: 'One moment…',
  reconnecting: 'Reconnecting…',
  noAccountParts: 'Your devices could not be shown. Reload this page to try again.',
  opening: 'Looking up the code…',
  confirming: 'Confirming…',
  waiting: { title: 'Confirmed', more: 'Waiting for the browser…' },
  match: { title: 'Type this number on the computer', more: '' },
  done: (browser: { name: string; os: string }) => `Signed in on ${browserWords(browser)}`,
  denied: { title: 'Refused', more: 'Nobody was signed in.', mayBeAttack: true },
  deniedElsewhere: {
    title: 'The sign-in was refused',
    more: 'If the number was typed wrong too often, start again.',
    mayBeAttack: true,
  },
  expired: {
    title: 'This sign-in is over',
    more: 'It has ended or run out of time. Show a new code on the computer and scan that.',
  },
  finished: { title: 'This sign-in has ended', more: 'The list below shows which devices are signed in.' },
  failed: 'That did not work',
  browserSession:
    'This browser was signed in by scanning a code. To approve other sign-ins from it, sign in here with your password.',
  signedOut: 'You are signed out. Sign in to go on.',
  cookiesNeeded:
    'Your password was right, but this browser did not keep the cookie that remembers it. Allow cookies for this site, or open the page in another browser, then sign in again.',
} as const

/** What the phone's page says of passkeys. */
export const passkeyWords = {
  insecure: 'Passkeys are not offered here: browsers have them only over https, and this page was opened without it.',
  address: 'Passkeys are not offered here: browsers have them only where the site has a name, not at a bare address.',
  unsupported: 'This browser has no passkeys.',
  cancelled: 'No passkey was used. You can try again.',
  alreadyHere: 'This device has a passkey for your account already.',
  failed: 'The passkey did not work. You can try again.',
  readerMissing: 'The part that asks for passkeys could not be loaded. Reload this page.',
  unknown: 'That passkey opens nothing here. It may have been removed. Use your password.',
  none: 'You have no passkey yet.',
  signInAgain: 'To change your passkeys, sign in once more: it shows that it is you.',
  waiting: 'Waiting for your passkey…',
  needed: 'Confirming here takes a passkey: your face, your finger or your PIN.',
  neededAndNone: 'Confirming here takes a passkey, and you have none yet. Add one to this phone, then confirm.',
  notOnThisPhone: 'No passkey of yours on this phone? Add one to it, then confirm.',
  added: 'This phone has a passkey of yours now. You can confirm.',
} as const

/** What the lists of devices say, and what is new in them. */
export const deviceWords = {
  kind: { phone: 'Phone', browser: 'Browser' },
  current: { phone: 'This phone', browser: 'This browser' },
  linked: 'Signed in by your phone',
  signedIn: 'Signed in as a phone of yours',
  ended_since: 'It is signed out by now.',
  ended_here:
    'Signed out. If you do not know how it got in, have your password changed, and sign out all others in the list below.',
  newNow: (devices: readonly string[]) => `New since you were last here: ${devices.join('; ')}`,
  known: { one: 'This was me', many: 'All of these were me', none: 'Done' },
  endBrowsers: (count: number) => ({
    title: count === 1 ? 'Sign out the other browser?' : `Sign out ${count} browsers?`,
    more: 'Phones stay signed in. To come back, a browser has to show a code to a phone again.',
  }),
  endOthers: (count: number, here: SessionKind) => ({
    title: count === 1 ? 'Sign out the other device?' : `Sign out all ${count} others?`,
    more: `Only this ${here} stays signed in. Phones have to sign in again, and browsers to show a code.`,
  }),
  renamed: (name: string) => `Renamed: ${name}`,
  badName: 'A name cannot begin or end with a space, or have characters in it that nobody sees.',
  noEvents: 'Nothing has happened in the last 90 days.',
} as const

/** What happened, as a heading; `device` is the one that it is about. */
export function eventWords(type: string, device: string, count: number): string {
  switch (type) {
    case 'signed_in':
      return `${device} signed in`
    case 'linked':
      return `${device} was signed in by your phone`
    case 'denied':
      return `${device} was refused`
    case 'revoked':
      return count === 1 ? `${device} was signed out` : `${count} devices were signed out`
    case 'passkey_added':
      return `A passkey was added on ${device}`
    case 'passkey_removed':
      return `A passkey was removed on ${device}`
    default:
      return `Something happened on ${device}`
  }
}

/** Address, and place where it is known. */
export const whereWords = ({ ip, place }: { ip: string; place: string | undefined }): string =>
  place === undefined ? ip : `${ip} · ${place}`

/** What /home says where it would show who is signed in. */
export const homeWords = {
  stranger:
    'You are not signed in here. If you just did, this browser did not keep the cookie: allow cookies for this site.',
} as const

/** What the phone's page says about taking a code; phone/scanner/scanner-words.ts has the rest. */
export const scanWords = {
  notOurs: 'This is not a code of this site.',
  readerMissing: 'The part that reads codes could not be loaded. Reload this page, or type the code.',
  badUserCode: 'A code has eight letters, such as WDJB-MJHT.',
} as const
