import type { RequestContext } from '../../http/request-context.ts'
import { BY_TAP, joinAmr } from '../../identity/amr.ts'
import { amrOfPasskey } from '../../passkeys/passkey.ts'
import type { Assertion, RequestOptions } from '../../passkeys/passkey-wire.ts'
import type { Passkeys } from '../../passkeys/passkeys.ts'
import type { Login, Phone } from '../login.ts'
import type { ConfirmMode } from '../login-policy.ts'

/** By what a phone's owner confirms. */
export type ConfirmKind = 'tap' | 'passkey'

interface ConfirmRuleOptions {
  mode: ConfirmMode
  /** Whether browsers know passkeys at the public URL. */
  isSecureContext: boolean
  passkeys: Pick<Passkeys, 'list' | 'proofOptions' | 'prove'>
}

/** A login that this phone has scanned. */
export interface ScannedByPhone {
  loginId: string
  login: Login
}

export interface ConfirmRule {
  /**
   * What this phone's owner confirms by. A native app has no passkeys here, so it cannot confirm where all need one.
   */
  kindFor(phone: Phone): Promise<ConfirmKind>
  /** @throws ScanInError `passkey_required`: its owner has none */
  options(phone: Phone, scanned: ScannedByPhone): Promise<RequestOptions>
  /** The phone, with how its owner has confirmed. @throws ScanInError `passkey_required` */
  prove(
    phone: Phone,
    scanned: ScannedByPhone,
    how: { assertion?: Assertion | undefined; by: RequestContext },
  ): Promise<Phone>
  byTap(phone: Phone): Phone
}

export function createConfirmRule({ mode, isSecureContext, passkeys }: ConfirmRuleOptions): ConfirmRule {
  return {
    async kindFor({ user, goodUntil }) {
      if (mode !== 'auto') return mode
      if (!isSecureContext || goodUntil !== undefined) return 'tap'
      return (await passkeys.list(user)).length > 0 ? 'passkey' : 'tap'
    },

    options: (phone, scanned) => passkeys.proofOptions(phone, purposeOf(phone, scanned)),

    async prove(phone, scanned, { assertion, by }) {
      // Approved already: confirming again changes nothing, so no passkey is asked for.
      if (isApproved(scanned.login)) return phone
      const { passkey } = await passkeys.prove(phone, assertion, purposeOf(phone, scanned), by)
      return { ...phone, amr: joinAmr(phone.amr, amrOfPasskey(passkey)), confirm: 'passkey' }
    },

    byTap: (phone) => ({ ...phone, amr: joinAmr(phone.amr, BY_TAP) }),
  }
}

/** What an assertion has to be made for: this login, for this browser, by this phone. Any other is refused. */
function purposeOf({ id }: Phone, { loginId, login }: ScannedByPhone): string {
  return `confirm ${loginId} ${login.browserKeyHash} ${id}`
}

function isApproved({ status }: Login): boolean {
  return status === 'authenticated' || status === 'delivered'
}
