import { type Clock, secondsUntil } from '../../clock.ts'
import { ScanInError } from '../../errors.ts'
import { hashSecret } from '../../hashes.ts'
import type { ClientAddress } from '../../http/client-address.ts'
import type { RequestContext } from '../../http/request-context.ts'
import type { BrowserName } from '../../http/user-agent.ts'
import { personKeyHash } from '../../identity/person-key.ts'
import type { Randomness } from '../../randomness.ts'
import type { StoredRecord } from '../../store/record-store.ts'
import type { Application } from '../application.ts'
import type { Closing } from '../hold/closing.ts'
import { createHold, type HoldRequest, type HoldTally } from '../hold/hold.ts'
import {
  acceptsSecret,
  isFromBefore,
  isPhoneOf,
  type Login,
  type LoginEvent,
  type MatchKind,
  type Phone,
  phoneOf,
  REPEAT_FOR_MS,
  toldEnd,
} from '../login.ts'
import type { LoginPolicy } from '../login-policy.ts'
import type { ApplyOptions, EventFor, LoginRecords } from '../login-records.ts'
import type { Scans } from '../scans.ts'
import { deriveMatchCode, deriveTypedSecret, formatToken, hashMatchCode, makeSalt, type Token } from '../token.ts'
import type { UserCodes } from '../user-codes.ts'
import { isPhoneOfPerson, mayBeAnyPhone } from './native-phone.ts'

interface PhoneApprovalsOptions {
  records: LoginRecords
  userCodes: UserCodes
  scans: Scans
  clock: Clock
  randomness: Randomness
  policy: LoginPolicy
  closing: Closing
  tally?: HoldTally | undefined
}

/** What the phone's owner is asked. Durations in whole seconds. */
export interface ApprovalRequest {
  status: 'scanned' | 'match_required' | 'authenticated'
  token: string
  browser: BrowserName
  browserAt: ClientAddress
  /** Since the browser began. */
  age: number
  /** Where it goes once signed in. */
  returnTo?: string
  application?: Application
  match: MatchKind
  expiresIn: number
}

export type Confirmation =
  | { status: 'authenticated' }
  | { status: 'match_required'; matchCode: string; expiresIn: number }

/** What the phone sees of the login that it scanned. */
export interface PhoneStatus {
  status: 'scanned' | 'match_required' | 'authenticated' | 'denied'
  /** The browser has its session. */
  isCollected: boolean
  expiresIn: number
}

/** A code that was typed, without its dash, into a phone that is signed in by this. */
export interface TypedCode {
  userCode: string
  presentedSecret: string
}

interface ConfirmOptions {
  /** The browser stays signed in when it is closed. */
  remember: boolean
  /** What the phone is signed in by. */
  presentedSecret: string
}

/** Whether a match is to be asked for, by where the browser is. */
export type MatchFor = (browserAt: ClientAddress) => MatchKind

/**
 * What a signed-in phone does with a login. One that is unknown, expired, rotated out or used up is always refused with
 * `expired_token`. Rejects with `store_unavailable` when the store does. Each method names its other refusals.
 */
export interface PhoneApprovals {
  /**
   * Takes the login for this phone. The first person to scan owns it, and any other gets `already_scanned`; of that
   * person's phones, the last one to scan has it.
   */
  scan(token: Token, phone: Phone, matchFor: MatchFor, by?: RequestContext): Promise<ApprovalRequest>
  /** As `scan`, by the code that a person typed. */
  scanUserCode(typed: TypedCode, phone: Phone, matchFor: MatchFor, by?: RequestContext): Promise<ApprovalRequest>
  /** The login's record, for `confirm`: read in the same round trip in which the phone is authenticated. */
  lookUp(token: Token): Promise<StoredRecord | undefined>
  /** The phone itself. For a native app that has not said which phone it is on: the one that has scanned the login. */
  asScanner(phone: Phone, token: Token): Promise<Phone>
  /**
   * The login that this phone has scanned, out of a record from `lookUp`. `not_scanned`: it has not; which is what
   * `confirm` would say.
   */
  scannedBy(token: Token, phone: Phone, found: StoredRecord | undefined): Login
  /**
   * Approves. Twice by the same phone is once. `not_scanned`: this phone has not scanned it.
   * @param guess from `lookUp`
   */
  confirm(
    token: Token,
    phone: Phone,
    options: ConfirmOptions,
    known?: Pick<ApplyOptions, 'guess' | 'by'>,
  ): Promise<Confirmation>
  /** Refuses, also what was approved and not yet collected. `not_scanned`: another phone has scanned it. */
  deny(token: Token, phone: Phone, by?: RequestContext): Promise<void>
  /** How it goes on, held while there is nothing new. Another phone's login is `expired_token` too. */
  status(token: Token, phoneId: string, request: HoldRequest): Promise<PhoneStatus>
}

export function createPhoneApprovals(options: PhoneApprovalsOptions): PhoneApprovals {
  const { records, userCodes, scans, clock, randomness, policy, closing } = options

  const hold = createHold<{ token: Token; phoneId: string }, Login | undefined, PhoneStatus>({
    records,
    recognise: (record, { token, phoneId }) => {
      const found = records.decode(record)
      const isTheirs = found && isPhoneOf(found, phoneId) && acceptsSecret(found, hashSecret(token.secret), clock())
      return isTheirs ? found : undefined
    },
    patienceFor: (found, seen) =>
      found && found.status === seen && found.status !== 'denied' ? found.expiresAt - clock() : 0,
    isOld: isFromBefore,
    tell: statusOf,
    closing,
    tally: options.tally,
  })

  function statusOf(login: Login | undefined): PhoneStatus {
    const expiresIn = login === undefined ? 0 : secondsUntil(toldEnd(login, clock()), clock())
    if (login === undefined || login.status === 'pending' || expiresIn === 0) throw new ScanInError('expired_token')
    const isCollected = login.status === 'delivered'
    return { status: isCollected ? 'authenticated' : login.status, isCollected, expiresIn }
  }

  async function apply(loginId: string, eventFor: EventFor, options?: ApplyOptions): Promise<Login> {
    const outcome = await records.apply(loginId, eventFor, options)
    const refusal = outcome?.refusal
    if (refusal === 'already_scanned' || refusal === 'not_scanned') throw new ScanInError(refusal)
    if (outcome === undefined || refusal !== undefined) throw new ScanInError('expired_token')
    return outcome.login
  }

  function applyByToken(token: Token, eventFor: EventFor, options?: ApplyOptions) {
    return apply(token.loginId, byToken(token, eventFor), options)
  }

  function scanEvent(phone: Phone, matchFor: MatchFor, extra: { extraSecretHash?: string } = {}): EventFor {
    const { confirmMs } = policy
    return (login) => ({ type: 'scan', phone, match: matchOf(login, matchFor), confirmMs, ...extra })
  }

  /** Scans; before that, notes the login under the phone, to find it when the phone's authority ends. */
  async function scanAs(phone: Phone, loginId: string, eventFor: EventFor, by?: RequestContext): Promise<Login> {
    const found = await records.readStored(loginId)
    const login = records.decode(found)
    const event = login && eventFor(login, clock())
    const noted = phone.goodUntil === undefined ? phone.id : personKeyHash(phone.user)
    if (event !== undefined) await scans.note(noted, { loginId, until: latestEnd() })
    return apply(loginId, eventFor, { guess: found, by })
  }

  /** When a login that is scanned now is over, however long each step takes. */
  function latestEnd(): number {
    return clock() + policy.confirmMs + policy.collectMs + REPEAT_FOR_MS
  }

  function requestOf(login: Login, token: Token): ApprovalRequest {
    if (login.status === 'pending' || login.status === 'delivered' || login.status === 'denied') {
      throw new ScanInError('expired_token')
    }
    const isMatching = login.status === 'match_required' || (login.status === 'scanned' && login.match === 'code')
    return {
      status: login.status,
      token: formatToken(token),
      browser: login.browser,
      browserAt: addressOf(login),
      age: Math.floor((clock() - login.createdAt) / 1000),
      ...(login.returnTo === undefined ? {} : { returnTo: login.returnTo }),
      ...(login.application === undefined ? {} : { application: login.application }),
      match: isMatching ? 'code' : 'none',
      expiresIn: secondsUntil(login.expiresAt, clock()),
    }
  }

  return {
    async scan(token, phone, matchFor, by) {
      const event = byToken(token, scanEvent(phone, matchFor))
      return requestOf(await scanAs(phone, token.loginId, event, by), token)
    },

    async scanUserCode(typed, phone, matchFor, by) {
      const loginId = await userCodes.find(typed.userCode)
      if (loginId === undefined) throw new ScanInError('expired_token')
      const secret = deriveTypedSecret(typed.presentedSecret, loginId)
      const event = scanEvent(phone, matchFor, { extraSecretHash: hashSecret(secret) })
      return requestOf(await scanAs(phone, loginId, event, by), { loginId, secret })
    },

    lookUp({ loginId }) {
      return records.readStored(loginId)
    },

    async asScanner(phone, { loginId }) {
      if (!mayBeAnyPhone(phone)) return phone
      const scanner = phoneOf(await records.read(loginId))
      return scanner !== undefined && isPhoneOfPerson(phone, scanner) ? { ...phone, id: scanner.id } : phone
    },

    scannedBy(token, phone, found) {
      const login = records.decode(found)
      const isGood = login !== undefined && acceptsSecret(login, hashSecret(token.secret), clock())
      if (!isGood || login.status === 'denied') throw new ScanInError('expired_token')
      if (isPhoneOf(login, phone.id)) return login
      throw new ScanInError(login.status === 'delivered' ? 'expired_token' : 'not_scanned')
    },

    async confirm(token, phone, { remember, presentedSecret }, { guess, by } = {}) {
      const matchCode = deriveMatchCode(presentedSecret, token.loginId)
      const matchCodeHash = hashMatchCode(token.loginId, matchCode)
      const { collectMs } = policy
      const salt = makeSalt(randomness)
      const event: LoginEvent = { type: 'confirm', phone, remember, matchCodeHash, salt, collectMs }
      const login = await applyByToken(token, () => event, { durable: true, guess, by })
      if (login.status !== 'match_required') return { status: 'authenticated' }
      return { status: 'match_required', matchCode, expiresIn: secondsUntil(login.expiresAt, clock()) }
    },

    async deny(token, phone, by) {
      const event: LoginEvent = { type: 'deny', phone, showMs: policy.collectMs }
      await applyByToken(token, () => event, { durable: true, by })
    },

    status(token, phoneId, request) {
      return hold({ token, phoneId }, request)
    },
  }
}

/** The event, if the token still stands for the login. */
function byToken({ secret }: Token, eventFor: EventFor): EventFor {
  const secretHash = hashSecret(secret)
  return (login, now) => (acceptsSecret(login, secretHash, now) ? eventFor(login, now) : undefined)
}

/** A device has nothing to type digits into: its owner compares what the card on the phone says (RFC 8628 §5.4). */
function matchOf(login: Login, matchFor: MatchFor): MatchKind {
  return login.application?.isDevice ? 'none' : matchFor(addressOf(login))
}

function addressOf({ ip, mayBeProxy }: Login): ClientAddress {
  return { address: ip, isKnown: mayBeProxy === undefined }
}
