import { createHmac } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Clock, secondsUntil } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import type { ClientAddress } from '../http/client-address.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { BrowserName } from '../http/user-agent.ts'
import type { User } from '../identity/identity.ts'
import type { Application } from '../login/application.ts'
import type { Approver } from '../login/browser/approver.ts'
import type { Collect, Collected } from '../login/browser/hand-over.ts'
import { isWaiting, type Login, pendingLogin } from '../login/login.ts'
import { longestLoginMs } from '../login/login-policy.ts'
import { phoneRecord } from '../login/login-record.ts'
import type { Logins } from '../login/logins.ts'
import { formatToken, formatUserCode, LOGIN_ID_LENGTH, makeQrSecret } from '../login/token.ts'
import { sessionIdOf } from '../session/session.ts'
import { createWaitingDevices } from './waiting-devices.ts'

export interface DeviceLoginsOptions {
  logins: Logins
  collect: Collect
  approver: Approver
  clock: Clock
}

export interface StartedDevice {
  /** As people see it, with its dash. */
  userCode: string
  /** What the QR on the device says: after `<PUBLIC_URL>/scan#`. */
  token: string
  /** Whole seconds in which the device may be told more than that it waits. The code that people type ends before. */
  expiresIn: number
}

/** How the login that a device waits for has gone. `too_fast`: still waiting, and asked for too often. */
export type DeviceLogin =
  | { status: 'waiting' | 'too_fast' | 'denied' | 'expired' }
  | { status: 'approved'; collected: CollectedDevice }

/** What a device's login ended in, to be kept until the device has been given it. */
export type CollectedDevice = Static<typeof collectedRecord>

const collectedRecord = Type.Object({
  /** Its public id. */
  session: Type.String(),
  /** That approved it. */
  phone: phoneRecord,
  /** Epoch milliseconds: given to nobody until then, it is over. */
  until: Type.Number(),
})

export interface DeviceAsking {
  /** Whom the device is open to, as they are now: whoever else confirms it has it denied. */
  isOpenTo: (user: User) => boolean
  /** What the login is known to have ended in: the login itself may be over. */
  collected: CollectedDevice | undefined
  /** The request that the device asks by, for records of what comes of it. */
  by: RequestContext | undefined
}

export type DeviceLoginNow = (deviceCode: string, asking: DeviceAsking) => Promise<DeviceLogin>

/** Logins of devices that have no browser (RFC 8628): a login like any other, whose browser is the device's code. */
export interface DeviceLogins {
  start(device: {
    code: string
    clientId: string
    application: Application
    name: BrowserName
    at: ClientAddress
  }): Promise<StartedDevice>
  /** How the login has gone; an approved one has a session from here on. */
  now: DeviceLoginNow
}

/** No page, as a device goes nowhere: a login for an application must lead somewhere, and this names the client. */
const LEADS_TO = '/oauth/device_authorization?client_id='

export function createDeviceLogins({ logins, collect, approver, clock }: DeviceLoginsOptions): DeviceLogins {
  const { records, userCodes, randomness, policy } = logins

  /** In this process's memory: a client that keeps to its pace is never refused, whichever instances it asks. */
  const waiting = createWaitingDevices({ clock, policy })

  /** Gives a device its session again, as a browser gets it: in time, and while what approved it is still good. */
  async function again(loginId: string, collected: CollectedDevice): Promise<DeviceLogin> {
    if (clock() >= collected.until) return { status: 'expired' }
    const user = await approver(collected.phone, loginId)
    return user === undefined ? { status: 'denied' } : { status: 'approved', collected }
  }

  function deviceLoginOf(collected: Collected): DeviceLogin {
    if (collected?.status !== 'authenticated') return { status: collected?.status ?? 'expired' }
    const { sessionSecret, phone } = collected
    const until = clock() + policy.collectMs
    return { status: 'approved', collected: { session: sessionIdOf(sessionSecret), phone, until } }
  }

  return {
    async start({ code, clientId, application, name, at }) {
      const { loginId, browserKey } = keysOf(code)
      const secret = makeQrSecret(randomness)
      const hashes = { browserKeyHash: hashSecret(browserKey), secretHash: hashSecret(secret) }
      const goal = { returnTo: LEADS_TO + encodeURIComponent(clientId), application }
      const login = pendingLogin({ ...hashes, ...goal, browser: name, from: at, lifeMs: policy.lifeMs }, clock())
      await records.create(loginId, login)
      waiting.begin(code, login)
      const userCode = formatUserCode(await userCodes.issue(loginId, browserKey, login.expiresAt))
      const expiresIn = secondsUntil(login.createdAt + longestLoginMs(policy), clock())
      return { userCode, token: formatToken({ loginId, secret }), expiresIn }
    },

    async now(code, { isOpenTo, collected: before, by }) {
      const { loginId, browserKey } = keysOf(code)
      if (before !== undefined) return again(loginId, before)
      const lookedAt = clock()
      const record = await records.readStored(loginId)
      const login = records.decode(record)
      if (login !== undefined && isWaiting(login)) return { status: waiting.notePoll(code, login, lookedAt) }
      const ended = waiting.end(code)
      if (login === undefined) {
        if (ended !== undefined) void records.noteExpired(loginId, ended, ofDevice(by, ended))
        return { status: 'expired' }
      }
      if (login.status === 'denied') return { status: 'denied' }
      const device = { loginId, browserKey, replaces: undefined, by: ofDevice(by, login), isOpenTo, isKeptFirst: true }
      return deviceLoginOf(await collect(device, record))
    },
  }
}

/** By the name that people know the device by: programs say little of themselves. */
function ofDevice(by: RequestContext | undefined, { browser }: Login): RequestContext | undefined {
  return by && { ...by, device: browser }
}

const validator = Compile(collectedRecord)

export function decodeCollected(value: unknown): CollectedDevice | undefined {
  return validator.Check(value) ? value : undefined
}

/**
 * The device takes a browser's place: its login's id and browser key follow from its code alone, and are kept nowhere.
 * The key is longer than cookies may hold: whoever knows a code cannot pass for a browser.
 */
function keysOf(code: string): { loginId: string; browserKey: string } {
  const derive = (what: string) => createHmac('sha256', code).update(`scanin device ${what}`).digest('base64url')
  return { loginId: derive('login id').slice(0, LOGIN_ID_LENGTH), browserKey: `device.${derive('browser key')}` }
}

/** The id of the grant that a device's code leads to: whoever uses the code a second time takes it away. */
export function grantOfDevice(code: string): string {
  return hashSecret(`grant of ${code}`)
}

/** For which client the login of a device is. `undefined`: it is no device's. */
export function clientOfDevice(returnTo: string): string | undefined {
  if (!returnTo.startsWith(LEADS_TO)) return undefined
  // Anybody can write such an address: this reads whatever it says.
  return new URLSearchParams(returnTo.slice(returnTo.indexOf('?'))).get('client_id') ?? undefined
}
