import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Clock } from '../clock.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { RecordStore } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import type { Authorities } from './authorities.ts'
import type { Spent } from './call-state.ts'
import { type Clients, scopesAmong } from './client.ts'
import { metadataOf } from './client-metadata.ts'
import { COLLECTED, type DeviceGrantBinding } from './device-grants.ts'
import { createGrantRecords, withDevice, withoutDevice } from './grant-records.ts'
import { DEVICE_CODE, keyOf, OUTLIVES_MS, payloadRecord, REFRESH_TOKEN, TAKEN_AWAY } from './record-form.ts'
import {
  familyOf,
  isCurrent,
  isGoodIn,
  withCurrentAlone,
  withFirstToken,
  withoutTokens,
  withRotatedToken,
} from './refresh-tokens.ts'
import type { TokenFamilies } from './token-families.ts'

interface OAuthRecordsOptions {
  store: RecordStore
  clock: Clock
  clients: Clients
  authorities: Pick<
    Authorities,
    | 'call'
    | 'deviceCode'
    | 'endDevice'
    | 'inLimits'
    | 'isAskedForCode'
    | 'isGivenBack'
    | 'noteGrantingSession'
    | 'refuseReplay'
  >
  families: Pick<TokenFamilies, 'note'>
}

export interface OAuthRecords {
  adapter: (kind: string) => Adapter
  /**
   * Uses up a code or refresh token, once all that is given for it is written. Until then it may be shown again, as
   * whoever was told that the store did not answer was given nothing.
   * @throws what `refuseReplay` makes, where somebody else has used it meanwhile: neither keeps anything. ScanInError
   *   `store_unavailable`, where it is certainly not used up
   * @param by the request that it was spent by: there is no `call` any more
   */
  useUp(spent: Spent, by?: RequestContext): Promise<void>
}

/** Everything that is presented as a secret. Kept under its hash, and without itself. */
const KEPT = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken', 'DeviceCode', 'Grant'])

/**
 * Keeps what the provider has, in our store. A code or token is found by its hash, and the record holds neither it nor
 * a typed code: a stolen store opens nothing. Revoking a grant takes its record away, and without that nothing given
 * for it is accepted. Neither sessions nor requests that wait are kept here: sessions are ours, and a request is in the
 * address that the login page returns to.
 */
export function createOAuthRecords(options: OAuthRecordsOptions): OAuthRecords {
  const { store, clock, clients, authorities, families } = options
  const { call, deviceCode, inLimits, isAskedForCode, isGivenBack, noteGrantingSession, refuseReplay } = authorities
  const grants = createGrantRecords(options)

  async function read(kind: string, id: string): Promise<AdapterPayload | undefined> {
    const value = (await store.read(keyOf(kind, id)))?.value
    if (!payloadRecord.Check(value)) return undefined
    // An earlier token of the family is one that is used up.
    const consumed = isGoodIn(value, id) ? {} : { consumed: Math.floor(clock() / 1000) }
    return { ...withoutTokens(withoutDevice(value)), ...consumed, kind, jti: id }
  }

  /** Takes a record away for good. A second try writes again, as the first may have reached no replica. */
  const takeAway = (key: string) =>
    updateRecord<void>(store, key, (value) => {
      const next = { value: TAKEN_AWAY, expiresAt: clock() + OUTLIVES_MS, durable: true }
      return value === undefined ? { result: undefined } : { next, result: undefined }
    })

  /**
   * Revokes the grant first. Its end may not be on replicas yet: a second try must still find the token to do all by.
   */
  async function destroy(kind: string, id: string): Promise<void> {
    if (kind === 'Grant') return grants.revoke(id, 'used_twice')
    const key = keyOf(kind, id)
    const value = (await store.read(key))?.value
    const grantId = payloadRecord.Check(value) ? value['grantId'] : undefined
    if (typeof grantId === 'string') await grants.revoke(grantId, 'given_back')
    await takeAway(key)
  }

  /** Notes a family of refresh tokens with the first of them. */
  async function enlist(id: string, payload: AdapterPayload, endsAt: number): Promise<void> {
    const { sessionUid: session, clientId: client, grantId } = payload
    if (session === undefined || client === undefined || grantId === undefined) return
    await families.note({ session, client, keys: [keyOf('Grant', grantId), keyOf(REFRESH_TOKEN, id)], endsAt })
  }

  async function refuse(grantId: unknown, by?: RequestContext): Promise<never> {
    // Two at once, of whom one may be a thief: neither keeps what the other got (RFC 9700 §4.14.2).
    if (typeof grantId === 'string') await grants.revoke(grantId, 'used_twice', by)
    throw refuseReplay()
  }

  /** Lets a refresh token take another's place. That one stays good beside it until `useUp`. */
  async function rotate(id: string, value: Record<string, unknown>, expiresAt: number): Promise<void> {
    const spent = call()?.found.spent
    if (spent === undefined) throw refuseReplay()
    const next = withRotatedToken(value, id, spent.id)
    const isNext = await updateRecord<boolean>(store, keyOf(REFRESH_TOKEN, id), (family) =>
      payloadRecord.Check(family) && isGoodIn(family, spent.id)
        ? { next: { value: next, expiresAt, durable: true }, result: true }
        : { result: false },
    )
    if (!isNext) await refuse(value['grantId'])
    spent.successor = id
  }

  async function useUp(spent: Spent, by?: RequestContext): Promise<void> {
    const now = clock()
    let isUncertain = false
    const onUncertain = () => {
      isUncertain = true
    }
    const done = updateRecord<Use>(store, keyOf(spent.kind, spent.id), (value) => {
      const change = usedUp(value, spent, now)
      return change.result.isNow ? { ...change, onUncertain } : change
    })
    const { isNow, grantId } = await done.catch((error: unknown) => {
      // It may be used up, and would then be refused to whoever shows it again: so what is written for it is given now.
      if (isUncertain) return { isNow: true, grantId: undefined }
      throw error
    })
    if (!isNow) await refuse(grantId, by)
  }

  /** Written also where it is there already: the first try may have reached no replica. */
  function saveBinding(code: string, binding: DeviceGrantBinding): Promise<void> {
    return updateRecord<void>(store, keyOf(DEVICE_CODE, code), (value) => {
      const isOpen = payloadRecord.Check(value) && value['consumed'] === undefined && typeof value['exp'] === 'number'
      if (!isOpen) return { result: undefined }
      const next = { value: { ...value, ...binding }, expiresAt: endOf(Number(value['exp']), clock()), durable: true }
      return { next, result: undefined }
    })
  }

  async function asOfNow(kind: string, payload: AdapterPayload, id: string): Promise<AdapterPayload | undefined> {
    if (kind === 'Grant') return { ...payload, openid: withScopeOfNow(payload, Object(payload['openid'])) }
    if (kind === DEVICE_CODE) return deviceCode(payload, id, (binding) => saveBinding(id, binding))
    // A used-up one opens nothing. It is found all the same, whatever its person may still enter: only so is it known
    // who shows it again (RFC 9700 §4.14.2).
    const isUsedUp = payload.consumed !== undefined
    if (!(await noteGrantingSession(payload)) && !isGivenBack() && !isUsedUp) return undefined
    // A refresh token or code keeps the scope that it was given: the grant decides what is given for it.
    return kind === 'AccessToken' ? withScopeOfNow(payload, payload) : payload
  }

  /** What was given to a client, with no more of its scope than the client may have now. */
  function withScopeOfNow<Given extends { scope?: string | undefined }>(
    { clientId = '' }: AdapterPayload,
    given: Given,
  ): Given {
    const client = clients.find(clientId)
    if (client === undefined || given.scope === undefined) return given
    return { ...given, scope: scopesAmong(client, given.scope).join(' ') }
  }

  function recordOf(kind: string, id: string, given: AdapterPayload): AdapterPayload {
    if (kind === REFRESH_TOKEN) return withFirstToken(given, id)
    return kind === 'Grant' ? withDevice(given, call()?.found.device) : given
  }

  const adapter: OAuthRecords['adapter'] = (kind) => ({
    async upsert(id, payload, expiresIn = 0) {
      if (!KEPT.has(kind)) return
      const { jti: _secret, kind: _kind, userCode: _typed, ...given } = payload
      const expiresAt = clock() + expiresIn * 1000
      if (kind === 'AccessToken' || kind === REFRESH_TOKEN) await grants.outlast(given, expiresAt)
      if (kind === REFRESH_TOKEN) {
        if (id !== familyOf(id)) return rotate(id, given, expiresAt)
        await enlist(id, given, expiresAt)
      }
      await store.write(keyOf(kind, id), recordOf(kind, id, given), {
        expiresAt,
        durable: kind !== DEVICE_CODE,
        begins: kind === DEVICE_CODE || isAskedForCode(),
      })
    },

    async find(id) {
      if (kind === 'Client') return metadataIn(clients, id)
      const payload = KEPT.has(kind) ? await read(kind, id) : undefined
      return payload && asOfNow(kind, payload, id)
    },

    consume: (id) =>
      inLimits(async () => {
        const state = call()
        if (state !== undefined) state.found.spent = { kind, id }
      }),
    destroy: (id) => destroy(kind, id),
    revokeByGrantId: (grantId) => grants.revoke(grantId, 'used_twice'),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  })

  return { adapter, useUp }
}

function metadataIn(clients: Clients, id: string): AdapterPayload | undefined {
  const client = clients.find(id)
  return client && metadataOf(client)
}

/** What using up came to: whether this use did it. */
interface Use {
  isNow: boolean
  grantId?: unknown
}

function usedUp(value: unknown, { id, successor = id }: Spent, now: number): Change<Use> {
  if (!payloadRecord.Check(value) || typeof value['exp'] !== 'number') return { result: { isNow: false } }
  const { [COLLECTED]: _given, ...rest } = withCurrentAlone(value)
  const used = { ...rest, consumed: Math.floor(now / 1000) }
  const how = { expiresAt: endOf(value['exp'], now), durable: true }
  const isUsed = rest['consumed'] !== undefined
  if (!isUsed && isCurrent(rest, successor)) {
    return { next: { value: successor === id ? used : rest, ...how }, result: { isNow: true } }
  }
  // Used up for whoever was faster, too, and awaits the successor: without the grant that would be worth nothing.
  return { ...(isUsed ? {} : { next: { value: used, ...how } }), result: { isNow: false, grantId: rest['grantId'] } }
}

/** When a rewritten record ends. Its own end goes by the library's clock, and the store's may be past that. */
function endOf(exp: number, now: number): number {
  return Math.max(exp * 1000, now) + OUTLIVES_MS
}
