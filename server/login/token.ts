import { createHmac } from 'node:crypto'
import { hashSecret } from '../hashes.ts'
import { type Randomness, SECRET_LENGTH } from '../randomness.ts'

/** The public half of a login: what the QR says and the status URL holds. On the wire `<loginId>.<secret>`. */
export interface Token {
  loginId: string
  secret: string
}

export const LOGIN_ID_LENGTH = 16
/** 22 of 64 characters: 132 bits. */
const QR_SECRET_LENGTH = 22
const LOGIN_ID = `[A-Za-z0-9_-]{${LOGIN_ID_LENGTH}}`
const QR_SECRET = `[A-Za-z0-9_-]{${QR_SECRET_LENGTH}}`
const LOGIN_ID_FORM = new RegExp(`^${LOGIN_ID}$`)
/** A token inside a regular expression: two groups, the login's id and the secret. */
export const TOKEN_GROUPS = `(${LOGIN_ID})\\.(${QR_SECRET})`
const TOKEN_FORM = new RegExp(`^${TOKEN_GROUPS}$`)
/** The wire form of a token, for schemas. */
export const TOKEN_PATTERN = `^${LOGIN_ID}\\.${QR_SECRET}$`

/** RFC 8628 §6.1: no vowels, so no words; no look-alikes. */
const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
const USER_CODE_LENGTH = 8
const MATCH_CODE_LENGTH = 6
/** The wire form of a match code, for schemas. */
export const MATCH_CODE_PATTERN = `^[0-9]{${MATCH_CODE_LENGTH}}$`

/** A new login's id: public, 96 bits. */
export function makeLoginId(randomness: Randomness): string {
  return randomness.text(LOGIN_ID_LENGTH)
}

/** A new secret half of a token: shown as a QR, 132 bits. */
export function makeQrSecret(randomness: Randomness): string {
  return randomness.text(QR_SECRET_LENGTH)
}

/** A new browser key, for the cookie of the browser that started a login alone: 258 bits. */
export function makeBrowserKey(randomness: Randomness): string {
  return randomness.text(SECRET_LENGTH)
}

/** What an approval adds to a session's secret: 258 bits. */
export function makeSalt(randomness: Randomness): string {
  return randomness.text(SECRET_LENGTH)
}

/** Whether a cookie's value can be a browser key at all. By its length alone: its hash is compared in any case. */
export function isBrowserKey(text: string): boolean {
  return text.length === SECRET_LENGTH
}

/** Whether a text can be a login's id at all. */
export function isLoginId(text: string): boolean {
  return LOGIN_ID_FORM.test(text)
}

/** A token as it goes over the wire. */
export function formatToken({ loginId, secret }: Token): string {
  return `${loginId}.${secret}`
}

/** @returns `undefined` for anything that is not of a token's form */
export function parseToken(text: string): Token | undefined {
  const [, loginId, secret] = TOKEN_FORM.exec(text) ?? []
  return loginId === undefined || secret === undefined ? undefined : { loginId, secret }
}

/** A six-digit code hashed for one login: hides the code in a dump, but not from a search of all 10⁶. */
export function hashMatchCode(loginId: string, code: string): string {
  return hashSecret(`${loginId} ${code}`)
}

/**
 * The secret of the session that a login ends in. Made from the browser key, which only the browser has, and a salt
 * from the approval, which only the store has and forgets after the hand-over. So a hand-over that was cut short or
 * whose reply was lost can be repeated, and neither a stolen store nor anything from before the approval leads to it.
 */
export function deriveSessionSecret(browserKey: string, loginId: string, salt: string): string {
  return createHmac('sha256', browserKey).update(`scanin session ${loginId} ${salt}`).digest('base64url')
}

/**
 * The secret half of a token for a phone whose owner typed the code, and which never saw the QR: the same whenever the
 * same phone asks, so the store needs its hash alone.
 * @param presentedSecret what the phone is signed in by
 */
export function deriveTypedSecret(presentedSecret: string, loginId: string): string {
  const digest = createHmac('sha256', presentedSecret).update(`scanin typed ${loginId}`).digest('base64url')
  return digest.slice(0, QR_SECRET_LENGTH)
}

/**
 * The six digits that a phone shows: the same whenever the same phone confirms the login. So a confirmation that is
 * sent twice, or whose reply was lost, does not invalidate digits that somebody has read already.
 * @param presentedSecret what the phone is signed in by
 */
export function deriveMatchCode(presentedSecret: string, loginId: string): string {
  const digest = createHmac('sha256', presentedSecret).update(`scanin match ${loginId}`).digest('hex')
  return String(BigInt(`0x${digest}`) % 10n ** BigInt(MATCH_CODE_LENGTH)).padStart(MATCH_CODE_LENGTH, '0')
}

/**
 * The typed code of a login: the same whenever the same browser asks, so the store needs its hash alone.
 * @param attempt counts up when another login happens to have the code
 * @returns eight letters, without the dash that people see
 */
export function deriveUserCode(browserKey: string, loginId: string, attempt: number): string {
  const digest = createHmac('sha256', browserKey).update(`scanin user code ${loginId} ${attempt}`).digest('hex')
  const base = BigInt(USER_CODE_ALPHABET.length)
  let rest = BigInt(`0x${digest}`)
  let code = ''
  while (code.length < USER_CODE_LENGTH) {
    code += USER_CODE_ALPHABET[Number(rest % base)]
    rest /= base
  }
  return code
}

/** `WDJBMJHT` as people see it, `WDJB-MJHT`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** What a person typed, made canonical; case, width, dashes and spaces do not matter (RFC 8628 §6.1). */
export function parseUserCode(text: string): string | undefined {
  // Letters a to z only: `toUpperCase` on the whole text would turn ß into SS.
  const code = text
    .normalize('NFKC')
    .replace(/[\s\p{Pd}]/gu, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
  const isOfForm = code.length === USER_CODE_LENGTH && [...code].every((letter) => USER_CODE_ALPHABET.includes(letter))
  return isOfForm ? code : undefined
}
