// The replies under /login, as /openapi.json describes them. Durations are whole seconds from when the reply was made.
import {
  amount,
  DecodeError,
  type Field,
  type Fields,
  fieldsOf,
  flag,
  inside,
  oneOf,
  optional,
  text,
  texts,
} from './decoding.ts'

export type LoginStatus = 'pending' | 'scanned' | 'match_required' | 'authenticated' | 'denied' | 'expired'

/** How often to ask, and for how long the server may keep the answer back. */
export interface Pacing {
  readonly intervalSeconds: number
  readonly holdSeconds: number
}

/** The application that somebody signs in to, unless that is ScanIn itself. */
export interface Application {
  readonly name: string
  readonly origin: string | undefined
}

/** `POST /login`: a login that was started, or one whose QR was renewed. */
export interface LoginReply extends Pacing {
  readonly status: 'pending'
  readonly token: string
  readonly qrImage: string
  readonly expiresInSeconds: number
  readonly refreshInSeconds: number
  readonly application: Application | undefined
}

/** `GET /login/status/:token` and `POST /login/match`: what the browser learns about its login. */
export type BrowserReply =
  | (Pacing & { readonly status: 'pending' | 'scanned'; readonly expiresInSeconds: number })
  | (Pacing & { readonly status: 'match_required'; readonly expiresInSeconds: number; readonly triesLeft: number })
  | { readonly status: 'authenticated'; readonly userName: string | undefined; readonly redirectTo: string }
  | { readonly status: 'denied' | 'expired' }

/** A code to type, and where. */
export interface UserCodeReply {
  readonly userCode: string
  readonly verificationUri: string
}

export interface BrowserName {
  readonly name: string
  readonly os: string
}

/** `POST /login/scan`: who is asking to be signed in, as far as the server can tell. */
export interface ScanReply {
  /** `scanned`, unless this phone scanned it before and went further then. */
  readonly status: 'scanned' | 'match_required' | 'authenticated'
  readonly token: string
  readonly browser: BrowserName
  readonly ip: string
  /** In words, where the server can say. */
  readonly place: string | undefined
  readonly sameNetwork: boolean
  /** The person has not signed in from such a browser there before, as far as the server remembers. */
  readonly isNewBrowser: boolean | undefined
  readonly ageSeconds: number
  readonly origin: string
  readonly application: Application | undefined
  /** Whether the application's own device waits, in place of a browser. Left out: a browser waits. */
  readonly isDevice?: boolean | undefined
  /** What the application asks to know of the person, as OAuth names it; empty where that is not said. */
  readonly scopes: readonly string[]
  /** Of the application: a `data:` address of a picture. */
  readonly logo: string | undefined
  readonly match: 'none' | 'code'
  /** Left out: a tap is enough. */
  readonly confirm: 'passkey' | undefined
  /** How long the browser may be kept signed in. An older instance of a rolling restart does not say. */
  readonly rememberForSeconds: number | undefined
  readonly expiresInSeconds: number
}

/** `POST /login/confirm`. */
export type ConfirmReply =
  | { readonly status: 'authenticated' }
  | { readonly status: 'match_required'; readonly matchCode: string; readonly expiresInSeconds: number }

/** `GET /login/scan/:token`: what the phone learns of the login it scanned. `collected`: the browser has its session. */
export interface PhoneReply {
  readonly status: LoginStatus
  readonly expiresInSeconds: number
  readonly collected: boolean
  readonly intervalSeconds: number | undefined
  readonly holdSeconds: number | undefined
}

const status = oneOf('pending', 'scanned', 'match_required', 'authenticated', 'denied', 'expired')
const pacing = (from: Fields): Pacing => ({
  intervalSeconds: amount(from, 'interval'),
  holdSeconds: amount(from, 'hold'),
})
const applicationOf = (from: Fields): Application => ({
  name: text(from, 'name'),
  origin: optional(text)(from, 'origin'),
})
const application = optional(inside(applicationOf))
/** The service calls the unknown "unknown", in English. Here that becomes `''`, for which the page has words. */
const known: Field<string> = (from, key) => text(from, key).replace(/^unknown (browser|system)$/i, '')
export const browserName = /* @__PURE__ */ inside((from) => ({ name: known(from, 'name'), os: known(from, 'os') }))

export function decodeLogin(value: unknown): LoginReply {
  const from = fieldsOf(value)
  const qrImage = text(from, 'qr_image')
  if (!qrImage.startsWith('data:image/')) throw new DecodeError('qr_image', 'an image')
  return {
    status: oneOf('pending')(from, 'status'),
    token: text(from, 'token'),
    qrImage,
    expiresInSeconds: amount(from, 'expires_in'),
    refreshInSeconds: amount(from, 'refresh_in'),
    application: application(from, 'application'),
    ...pacing(from),
  }
}

export function decodeBrowserReply(value: unknown): BrowserReply {
  const from = fieldsOf(value)
  const state = status(from, 'status')
  switch (state) {
    case 'pending':
    case 'scanned':
      return { status: state, expiresInSeconds: amount(from, 'expires_in'), ...pacing(from) }
    case 'match_required': {
      const triesLeft = amount(from, 'tries_left')
      return { status: state, expiresInSeconds: amount(from, 'expires_in'), triesLeft, ...pacing(from) }
    }
    case 'authenticated': {
      const userName = optional(inside((user) => text(user, 'name')))(from, 'user')
      return { status: state, userName, redirectTo: text(from, 'redirect_to') }
    }
    case 'denied':
    case 'expired':
      return { status: state }
    default:
      return state satisfies never
  }
}

export function decodeUserCode(value: unknown): UserCodeReply {
  const from = fieldsOf(value)
  return {
    userCode: text(from, 'user_code'),
    verificationUri: text(from, 'verification_uri'),
  }
}

/** Takes `data:` pictures alone: nothing is fetched. Pure: the login page, which has no logos, leaves it out. */
const logo = /* @__PURE__ */ optional(
  /* @__PURE__ */ inside((from) => {
    const address = optional(text)(from, 'logo')
    return address?.startsWith('data:image/') ? address : undefined
  }),
)

const isDevice = /* @__PURE__ */ optional(/* @__PURE__ */ inside((from) => optional(flag)(from, 'device')))
const scopes = /* @__PURE__ */ optional(/* @__PURE__ */ inside((from) => optional(texts)(from, 'scopes') ?? []))

export function decodeScan(value: unknown): ScanReply {
  const from = fieldsOf(value)
  return {
    status: oneOf('scanned', 'match_required', 'authenticated')(from, 'status'),
    token: text(from, 'token'),
    browser: browserName(from, 'browser'),
    ip: text(from, 'ip'),
    place: optional(text)(from, 'place'),
    sameNetwork: flag(from, 'same_network'),
    isNewBrowser: optional(flag)(from, 'new_browser'),
    ageSeconds: amount(from, 'age'),
    origin: text(from, 'origin'),
    application: application(from, 'application'),
    isDevice: isDevice(from, 'application'),
    scopes: scopes(from, 'application') ?? [],
    logo: logo(from, 'application'),
    match: oneOf('none', 'code')(from, 'match'),
    confirm: optional(oneOf('passkey'))(from, 'confirm'),
    rememberForSeconds: optional(amount)(from, 'remember_for'),
    expiresInSeconds: amount(from, 'expires_in'),
  }
}

export function decodeConfirm(value: unknown): ConfirmReply {
  const from = fieldsOf(value)
  const state = oneOf('authenticated', 'match_required')(from, 'status')
  if (state === 'authenticated') return { status: state }
  return { status: state, matchCode: text(from, 'match_code'), expiresInSeconds: amount(from, 'expires_in') }
}

export function decodePhoneReply(value: unknown): PhoneReply {
  const from = fieldsOf(value)
  return {
    status: status(from, 'status'),
    expiresInSeconds: optional(amount)(from, 'expires_in') ?? 0,
    collected: optional(flag)(from, 'collected') ?? false,
    intervalSeconds: optional(amount)(from, 'interval'),
    holdSeconds: optional(amount)(from, 'hold'),
  }
}
