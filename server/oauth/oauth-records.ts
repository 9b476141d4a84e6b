import type { Adapter, AdapterPayload } from 'oidc-provider'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import type { Occasion } from '../http/occasion.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import type { CallState, DeviceSession, Spent } from './call-state.ts'
import { type Clients, scopesAmong } from './client.ts'
import { metadataOf } from './client-metadata.ts'
import type { CollectedDevice } from './device-logins.ts'
import type { TokenRows } from './token-rows.ts'

export interface OAuthRecordsOptions {
  store: RecordStore
  clock: Clock
  clients: Clients
  /**
   * Whether what a record gives is still somebody's to use. Called for whatever comes of a session, each time that it is
   * presented.
   */
  isGood: (payload: AdapterPayload) => Promise<boolean>
  /** What a device's code is by now. @param keep writes into it in whose name it is, from here on */
  deviceCode: (payload: AdapterPayload, code: string, keep: KeepName) => Promise<AdapterPayload>
  /** Ends the session of a device whose grant is taken away: nobody can be signed in by it any more. */
  endDevice: (device: DeviceSession, why: TakenAway, by: Occasion | undefined) => Promise<void>
  /** Of the request that is being answered. */
  call: () => CallState | undefined
  /** Refuses what was used before. */
  refuseReplay: () => Error
  /** Whether somebody asks for a code now: nobody counts yet on what is kept for that. */
  isAskedForCode: () => boolean
  /** Whether a token is shown to be given back: it need not be good at the moment for that. */
  isGivenBack: () => boolean
  /** Counts what is used up, before it is. Rejects where that is too much. */
  inLimits: (use: () => Promise<void>) => Promise<void>
  rows: Pick<TokenRows, 'note'>
}

/** In whose name a device's code is, and by what. */
export interface Name extends Required<Pick<AdapterPayload, 'sessionUid' | 'grantId'>> {
  [COLLECTED]: CollectedDevice
}
export type KeepName = (name: Name) => Promise<void>

/** Why a grant is taken away. `given_back`: its client revokes a token. `used_twice`: a code or a token was shown again. */
export type TakenAway = 'given_back' | 'used_twice'

export interface OAuthRecords {
  adapter: (kind: string) => Adapter
  /**
   * Uses up what all that is given for it is written of. Until then it may be shown again: whoever was told that the store
   * did not answer was given nothing.
   * @throws what `refuseReplay` makes, where somebody else has used it meanwhile: neither keeps anything. ScanInError
   *   `store_unavailable`, where it is not used up for certain
   * @param by the request that it was spent by: there is no `call` any more
   */
  useUp(spent: Spent, by?: Occasion): Promise<void>
}

/** Everything that is presented as a secret. Kept under its hash, and without itself. */
const KEPT = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken', 'DeviceCode', 'Grant'])

/** So long after its end it is still known of a code that it was used, and of what was revoked that it was. */
const OUTLIVES_MS = 60_000
/** In the place of what was revoked, alone or before a device's session. No payload. */
const TAKEN_AWAY = 'revoked'

const payloadRecord = Compile(Type.Record(Type.String(), Type.Unknown()))

/**
 * What the provider keeps, in our store. A code or token is a key by its hash, and the record holds neither it nor a typed
 * code: a stolen store opens nothing. Whoever revokes a grant takes the grant's record away, and without that nothing of
 * it is taken any more. Requests that wait and sessions are not kept: a request is in the address that the login page
 * returns to, and sessions are ours.
 */
export function createOAuthRecords(options: OAuthRecordsOptions): OAuthRecords {
  const { store, clock, clients, isGood, deviceCode, endDevice, call, refuseReplay } = options
  const { isAskedForCode, isGivenBack, inLimits, rows } = options

  async function read(kind: string, id: string): Promise<AdapterPayload | undefined> {
    const value = (await store.read(keyOf(kind, id)))?.value
    if (!payloadRecord.Check(value)) return undefined
    const { [CURRENT]: _hash, [BEFORE]: _ungiven, [DEVICE]: _whose, ...payload } = value
    // Whoever shows an earlier one shows one that is used up.
    const consumed = isGoodIn(value, id) ? {} : { consumed: Math.floor(clock() / 1000) }
    return { ...payload, ...consumed, kind, jti: id }
  }

  /** Of a record that is written again. Its own end is by the library's clock, which the store's may be past already. */
  const endOf = (exp: number): number => Math.max(exp * 1000, clock()) + OUTLIVES_MS

  /** Takes a record away for good. Asked again it is written again: the first try may have reached no replica. */
  const takeAway = (key: string) =>
    updateRecord<void>(store, key, (value) => {
      const next = { value: TAKEN_AWAY, expiresAt: clock() + OUTLIVES_MS, durable: true }
      return value === undefined ? { result: undefined } : { next, result: undefined }
    })

  /**
   * The grant before the device's session: whoever asks again, as it may not be on replicas yet, still finds the token, which
   * is good for as long as that session, and the device in what was taken away.
   */
  async function revoke(grantId: string, why: TakenAway, by = call()?.asked.by): Promise<void> {
    const device = await updateRecord<DeviceSession | undefined>(store, keyOf('Grant', grantId), (value) => {
      const result = deviceIn(value)
      if (value === undefined) return { result }
      const next = result === undefined ? TAKEN_AWAY : [TAKEN_AWAY, { [DEVICE]: result }]
      return { next: { value: next, expiresAt: clock() + OUTLIVES_MS, durable: true }, result }
    })
    if (device !== undefined) await endDevice(device, why, by)
  }

  /** The grant first: whoever asks again, where it may not be on replicas yet, still finds the token to do it all by. */
  async function destroy(kind: string, id: string): Promise<void> {
    if (kind === 'Grant') return revoke(id, 'used_twice')
    const key = keyOf(kind, id)
    const value = (await store.read(key))?.value
    const grantId = payloadRecord.Check(value) ? value['grantId'] : undefined
    if (typeof grantId === 'string') await revoke(grantId, 'given_back')
    await takeAway(key)
  }

  /** A grant is kept as long as what is given for it; one that was revoked does not come back. */
  async function outlast({ grantId, exp }: AdapterPayload, expiresAt: number): Promise<void> {
    if (grantId === undefined || exp === undefined) return
    await updateRecord<void>(store, keyOf('Grant', grantId), (value) => {
      const isThere = payloadRecord.Check(value) && typeof value['exp'] === 'number'
      if (!isThere || Number(value['exp']) >= exp) return { result: undefined }
      return { next: { value: { ...value, exp }, expiresAt, durable: true }, result: undefined }
    })
  }

  /** Notes the first of a row of refresh tokens. */
  async function enlist(id: string, payload: AdapterPayload, endsAt: number): Promise<void> {
    const { sessionUid: session, clientId: client, grantId } = payload
    if (session === undefined || client === undefined || grantId === undefined) return
    await rows.note({ session, client, keys: [keyOf('Grant', grantId), keyOf(REFRESH_TOKEN, id)], endsAt })
  }

  async function refuse(grantId: unknown, by?: Occasion): Promise<never> {
    // Two at once, of whom one may be a thief: neither keeps what the other got (RFC 9700 §4.14.2).
    if (typeof grantId === 'string') await revoke(grantId, 'used_twice', by)
    throw refuseReplay()
  }

  /** Lets a refresh token take another's place. That one stays good beside it until `useUp`. */
  async function succeed(id: string, value: Record<string, unknown>, expiresAt: number): Promise<void> {
    const spent = call()?.found.spent
    if (spent === undefined) throw refuseReplay()
    const next = { ...value, [CURRENT]: hashSecret(id), [BEFORE]: hashSecret(spent.id) }
    const isNext = await updateRecord<boolean>(store, keyOf(REFRESH_TOKEN, id), (row) =>
      payloadRecord.Check(row) && isGoodIn(row, spent.id)
        ? { next: { value: next, expiresAt, durable: true }, result: true }
        : { result: false },
    )
    if (!isNext) await refuse(value['grantId'])
    spent.successor = id
  }

  async function useUp({ kind, id, successor = id }: Spent, by?: Occasion): Promise<void> {
    const consumed = Math.floor(clock() / 1000)
    let isUncertain = false
    const done = updateRecord<{ isNow: boolean; grantId?: unknown }>(store, keyOf(kind, id), (value) => {
      if (!payloadRecord.Check(value) || typeof value['exp'] !== 'number') return { result: { isNow: false } }
      const { [BEFORE]: _ungiven, [COLLECTED]: _given, ...rest } = value
      const expiresAt = endOf(value['exp'])
      const isUsed = rest['consumed'] !== undefined
      if (isUsed || !isCurrent(rest, successor)) {
        // Also for whoever has taken its place, and is about to be given that: with the grant it would be worth nothing.
        const next = { value: { ...rest, consumed }, expiresAt, durable: true }
        return { ...(isUsed ? {} : { next }), result: { isNow: false, grantId: rest['grantId'] } }
      }
      return {
        next: { value: successor === id ? { ...rest, consumed } : rest, expiresAt, durable: true },
        result: { isNow: true },
        onUncertain: () => {
          isUncertain = true
        },
      }
    })
    const { isNow, grantId } = await done.catch((error: unknown) => {
      // It may be used up, and then nobody is given anything for it any more: what is written for it is given now.
      if (isUncertain) return { isNow: true, grantId: undefined }
      throw error
    })
    if (!isNow) await refuse(grantId, by)
  }

  /** Written also where it is there already: the first try may have reached no replica. */
  function keepName(code: string, name: Name): Promise<void> {
    return updateRecord<void>(store, keyOf(DEVICE_CODE, code), (value) => {
      const isOpen = payloadRecord.Check(value) && value['consumed'] === undefined && typeof value['exp'] === 'number'
      if (!isOpen) return { result: undefined }
      const next = { value: { ...value, ...name }, expiresAt: endOf(Number(value['exp'])), durable: true }
      return { next, result: undefined }
    })
  }

  async function asOfNow(kind: string, payload: AdapterPayload, id: string): Promise<AdapterPayload | undefined> {
    if (kind === 'Grant') return { ...payload, openid: withScopeOfNow(payload, Object(payload['openid'])) }
    if (kind === DEVICE_CODE) return deviceCode(payload, id, (name) => keepName(id, name))
    // What is used up opens nothing, and whoever shows it again is found out whatever is open to its person (RFC 9700 §4.14.2).
    const isUsedUp = payload.consumed !== undefined
    if (!(await isGood(payload)) && !isGivenBack() && !isUsedUp) return undefined
    // What is to be renewed keeps the scope that it was given: what is given for it goes by the grant.
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

  /** What is beside a grant that is made for a device. */
  function ofDevice(kind: string): { [DEVICE]?: DeviceSession } {
    const device = kind === 'Grant' ? call()?.found.device : undefined
    return device === undefined ? {} : { [DEVICE]: device }
  }

  const adapter: OAuthRecords['adapter'] = (kind) => ({
    async upsert(id, payload, expiresIn = 0) {
      if (!KEPT.has(kind)) return
      const { jti: _secret, kind: _kind, userCode: _typed, ...given } = payload
      const value: AdapterPayload = { ...given, ...ofDevice(kind) }
      const expiresAt = clock() + expiresIn * 1000
      if (kind === 'AccessToken' || kind === REFRESH_TOKEN) await outlast(value, expiresAt)
      if (kind === REFRESH_TOKEN) {
        if (id !== rowOf(id)) return succeed(id, value, expiresAt)
        await enlist(id, value, expiresAt)
        value[CURRENT] = hashSecret(id)
      }
      await store.write(keyOf(kind, id), value, {
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
    revokeByGrantId: (grantId) => revoke(grantId, 'used_twice'),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  })

  return { adapter, useUp }
}

function metadataIn(clients: Clients, id: string): AdapterPayload | undefined {
  const client = clients.find(id)
  return client && metadataOf(client)
}

const DEVICE_CODE = 'DeviceCode'
const REFRESH_TOKEN = 'RefreshToken'

/** Between what all refresh tokens of a row have in common and what each has of its own. */
const DOT = '.'
/** In the record of a row of refresh tokens: the hash of the one that is good. */
const CURRENT = 'current'
/** And of the one before it, for as long as it is open whether anybody was given that one. */
const BEFORE = 'before'

/** In the record of a grant that a device has: the session that ends with it. */
const DEVICE = 'device'

const deviceRecord = Compile(Type.Object({ [DEVICE]: Type.Object({ session: Type.String(), subject: Type.String() }) }))

/** Whose a grant's record is, or was before it was taken away. */
function deviceIn(value: unknown): DeviceSession | undefined {
  const record = Array.isArray(value) ? value[1] : value
  return deviceRecord.Check(record) ? record[DEVICE] : undefined
}

/** In the record of a device's code that nobody was given anything for yet. */
export const COLLECTED = 'collected'

const rowOf = (refreshToken: string): string => refreshToken.split(DOT, 1)[0] ?? ''

/**
 * The refresh token that takes another's place. A row of them has one record, under the first of them, so that however
 * often somebody refreshes, nothing piles up; and whichever of them is shown again, it is known for one that was used.
 * @param made its own secret
 */
export function successorOf(refreshToken: string, made: string): string {
  return rowOf(refreshToken) + DOT + made
}

/** Whether a record is about this very secret, and not about one that took its place. */
function isCurrent({ [CURRENT]: current }: Record<string, unknown>, id: string): boolean {
  return current === undefined ? !id.includes(DOT) : isHashOf(current, id)
}

/** Whether this secret is good: also one whose successor nobody may have been given. */
function isGoodIn(value: Record<string, unknown>, id: string): boolean {
  return isCurrent(value, id) || isHashOf(value[BEFORE], id)
}

function isHashOf(hash: unknown, id: string): boolean {
  return typeof hash === 'string' && isSameHash(hash, hashSecret(id))
}

function keyOf(kind: string, id: string): string {
  return `oauth:${kind}:${hashSecret(kind === REFRESH_TOKEN ? rowOf(id) : id)}`
}
