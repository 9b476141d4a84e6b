import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider'
import type { RequestContext } from '../http/request-context.ts'
import type { User } from '../identity/identity.ts'
import { type Person, personOfSubject, subjectOf } from '../identity/person-key.ts'
import { type IdentifiedSession, lastProvenAt } from '../session/session.ts'
import type { SessionService } from '../session/session-service.ts'
import type { OidcProvider } from './authorities.ts'
import { type CallState, type DeviceSession, stateOf } from './call-state.ts'
import { acrOf, amrOfSession, subOf } from './claims.ts'
import { DEFAULT_SCOPE, type OAuthClient } from './client.ts'
import { type CollectedDevice, type DeviceLoginNow, decodeCollected, grantOfDevice } from './device-logins.ts'

interface DeviceGrantsOptions {
  oidc: OidcProvider
  sessions: Pick<SessionService, 'useFor' | 'withdraw'>
  deviceLogin: DeviceLoginNow
  /** Of the request that is being answered. */
  call: () => CallState | undefined
  /** The client, if somebody may be in it now. */
  openTo: (user: User, clientId: string | undefined) => OAuthClient | undefined
  grantTo: (
    ctx: KoaContextWithOIDC,
    found: IdentifiedSession,
    client: OAuthClient,
    asked: string,
  ) => Promise<InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>>
}

/** In the record of a device's code that nobody was given anything for yet. */
export const COLLECTED = 'collected'

/** In whose name a device's code is, and by what. */
export interface DeviceGrantBinding extends Required<Pick<AdapterPayload, 'sessionUid' | 'grantId'>> {
  [COLLECTED]: CollectedDevice
}

export type SaveBinding = (binding: DeviceGrantBinding) => Promise<void>

/** Why a grant is taken away: its client revokes a token, or a code or a token was shown again. */
export type TakenAway = 'given_back' | 'used_twice'

/** Why a device's session is withdrawn, for the log. `not_given`: it was to have one, and is refused. */
type DeviceEnd = 'not_given' | TakenAway

/** What devices without a browser are given, each in the name of a session of its own (RFC 8628). */
export function createDeviceGrants({ oidc, sessions, deviceLogin, call, openTo, grantTo }: DeviceGrantsOptions) {
  const { errors } = oidc

  const endDevice = (person: Person, session: string, reason: DeviceEnd, by: RequestContext | undefined) =>
    sessions.withdraw(person, { session, reason, by })

  /** Withdraws a session that nobody has been given. */
  const takeBack = (person: Person, session: string) => endDevice(person, session, 'not_given', call()?.asked.by)

  /** What a device's code gives in the name of a session, if the client is open to its person. */
  async function approved(ctx: KoaContextWithOIDC, payload: AdapterPayload, sessionId: string, grantId: string) {
    const found = await sessions.useFor(sessionId)
    const client = found && openTo(found.session.user, payload.clientId)
    if (found === undefined || client === undefined) {
      if (found !== undefined) await takeBack(found.session.user, found.id)
      throw new errors.AccessDenied()
    }
    const { id, session } = found
    stateOf(ctx).found.grantingSession = found
    const grant = await grantTo(ctx, found, client, String(payload.params?.['scope'] ?? DEFAULT_SCOPE))
    grant.jti = grantId
    stateOf(ctx).found.device = { session: id, subject: subjectOf(session.user) }
    await grant.save()
    return {
      ...{ accountId: subOf(session.user), grantId, sessionUid: id, sid: id },
      ...{ scope: grant.getOIDCScope(), acr: acrOf(session), amr: amrOfSession(session) },
      authTime: Math.floor(lastProvenAt(session) / 1000),
    }
  }

  /** What a device's login ended in. `undefined`: it waits. Anything else is an error of RFC 8628 §3.5. */
  async function collectedBy(payload: AdapterPayload, code: string): Promise<CollectedDevice | undefined> {
    const isOpenTo = (user: User) => openTo(user, payload.clientId) !== undefined
    const before = decodeCollected(payload[COLLECTED])
    const login = await deviceLogin(code, { isOpenTo, collected: before, by: call()?.asked.by })
    if (login.status === 'approved') return login.collected
    if (login.status === 'waiting') return undefined
    if (login.status === 'too_fast') throw new errors.SlowDown()
    if (before !== undefined) await takeBack(before.phone.user, before.session)
    throw login.status === 'expired' ? new errors.ExpiredToken() : new errors.AccessDenied()
  }

  return {
    /** Ends the session of a device whose grant is taken away: nobody can be signed in by it any more. */
    endDevice: ({ session, subject }: DeviceSession, why: TakenAway, by: RequestContext | undefined) =>
      endDevice(personOfSubject(subject), session, why, by),

    /**
     * A device's code with what has come of it by now. The code's record is given the session, and what approved it,
     * before anybody uses that: the login is over with the first use.
     * @param save writes into it in whose name it is, from here on
     */
    async deviceCode(payload: AdapterPayload, code: string, save: SaveBinding): Promise<AdapterPayload> {
      const { ctx } = oidc.Provider
      const isOthers = ctx?.oidc.client?.clientId !== payload.clientId
      if (ctx === undefined || isOthers) return payload
      const grantId = grantOfDevice(code)
      // A second use takes away what the first one got.
      if (payload.consumed !== undefined) return { ...payload, grantId, error: 'invalid_grant' }
      const collected = await collectedBy(payload, code)
      if (collected === undefined) return payload
      const { session } = collected
      await save({ sessionUid: session, grantId, [COLLECTED]: collected })
      return { ...payload, ...(await approved(ctx, payload, session, grantId)) }
    },
  }
}
