import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import type { ApprovingTokens } from '../../identity/approving-tokens.ts'
import type { AuthenticateNativeApp, NativeApp } from '../../identity/native-apps.ts'
import type { CurrentSession } from '../../session/current-session.ts'
import type { Phone } from '../login.ts'
import { phoneOfApp } from './native-phone.ts'

/**
 * Whose phone a request comes from.
 * @param deviceId what a native app calls the phone that it is on
 * @throws ScanInError `authentication_required`, and as `AuthenticateNativeApp`
 */
export type AuthenticatePhone = (request: FastifyRequest, deviceId?: string) => Promise<Phone>

interface PhoneAuthenticationOptions {
  current: CurrentSession
  nativeApp: AuthenticateNativeApp
  approvingTokens: Pick<ApprovingTokens, 'seal'>
}

/**
 * A phone is signed in by its own session, or as a native app by its access token. A browser that a phone signed in is
 * no phone: one approval must not breed others.
 */
export function createPhoneAuthentication({
  current,
  nativeApp,
  approvingTokens,
}: PhoneAuthenticationOptions): AuthenticatePhone {
  function sealedTokenOf(app: NativeApp): Pick<Phone, 'sealedToken'> {
    const sealedToken = approvingTokens.seal(app)
    return sealedToken === undefined ? {} : { sealedToken }
  }

  return async (request, deviceId) => {
    const app = await nativeApp(request)
    if (app !== undefined) return { ...phoneOfApp(app, deviceId), ...sealedTokenOf(app) }
    const { id, session } = await current.require(request)
    if (session.kind !== 'phone') throw new ScanInError('authentication_required')
    return { id, user: session.user, ...(session.amr === undefined ? {} : { amr: session.amr }) }
  }
}
