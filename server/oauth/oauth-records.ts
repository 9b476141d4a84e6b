import type { Adapter, AdapterPayload } from 'oidc-provider'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import type { Clients } from './client.ts'
import { metadataOf } from './client-metadata.ts'
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
  /** What a device's code is by now. */
  deviceCode: (payload: AdapterPayload, code: string) => Promise<AdapterPayload>
  /** Refuses what was used before. */
  refuseReplay: () => Error
  /** Whether somebody asks for a code now: nobody counts yet on what is kept for that. */
  isAskedForCode: () => boolean
  /** Counts what is used up, before it is. Rejects where that is too much. */
  inLimits: (use: () => Promise<void>) => Promise<void>
  rows: Pick<TokenRows, 'note'>
}

/** Everything that is presented as a secret. Kept under its hash, and without itself. */
const KEPT = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken', 'DeviceCode', 'Grant'])

const payloadRecord = Compile(Type.Record(Type.String(), Type.Unknown()))

/**
 * What the provider keeps, in our store. A code or token is a key by its hash, and the record holds neither it nor a typed
 * code: a stolen store opens nothing. Whoever revokes a grant takes the grant's record away, and without that nothing of
 * it is taken any more. Requests that wait and sessions are not kept: a request is in the address that the login page
 * returns to, and sessions are ours.
 */
export function createOAuthRecords(options: OAuthRecordsOptions): (kind: string) => Adapter {
  const { store, clock, clients, isGood, deviceCode, refuseReplay, isAskedForCode, inLimits, rows } = options

  async function read(kind: string, id: string): Promise<AdapterPayload | undefined> {
    const value = (await store.read(keyOf(kind, id)))?.value
    if (!payloadRecord.Check(value)) return undefined
    const { [CURRENT]: _hash, ...payload } = value
    // Whoever shows an earlier one shows one that is used up.
    const consumed = isCurrent(value, id) ? {} : { consumed: Math.floor(clock() / 1000) }
    return { ...payload, ...consumed, kind, jti: id }
  }

  const revoke = async (grantId: string) => void (await store.remove(keyOf('Grant', grantId)))

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

  async function consume(kind: string, id: string): Promise<void> {
    const consumed = Math.floor(clock() / 1000)
    const found = await updateRecord<'now' | 'before' | 'gone'>(store, keyOf(kind, id), (value) => {
      if (!payloadRecord.Check(value) || typeof value['exp'] !== 'number') return { result: 'gone' }
      if (value['consumed'] !== undefined || !isCurrent(value, id)) return { result: 'before' }
      const next = { value: { ...value, consumed }, expiresAt: value['exp'] * 1000, durable: true }
      return { next, result: 'now' }
    })
    if (found === 'now') return
    // Two at once, of whom one may be a thief: neither keeps what the other got (RFC 9700 §4.14.2).
    const grantId = kind === 'DeviceCode' ? grantOfDevice(id) : (await read(kind, id))?.grantId
    if (grantId !== undefined) await revoke(grantId)
    throw refuseReplay()
  }

  async function asOfNow(kind: string, payload: AdapterPayload, id: string): Promise<AdapterPayload | undefined> {
    if (kind === 'Grant') return payload
    if (kind === 'DeviceCode') return deviceCode(payload, id)
    return (await isGood(payload)) ? payload : undefined
  }

  return (kind) => ({
    async upsert(id, payload, expiresIn = 0) {
      if (!KEPT.has(kind)) return
      const { jti: _secret, kind: _kind, userCode: _typed, ...value } = payload
      const expiresAt = clock() + expiresIn * 1000
      if (kind === 'AccessToken' || kind === REFRESH_TOKEN) await outlast(value, expiresAt)
      if (kind === REFRESH_TOKEN) {
        if (id === rowOf(id)) await enlist(id, value, expiresAt)
        value[CURRENT] = hashSecret(id)
      }
      await store.write(keyOf(kind, id), value, {
        expiresAt,
        durable: kind !== 'DeviceCode',
        begins: kind === 'DeviceCode' || isAskedForCode(),
      })
    },

    async find(id) {
      if (kind === 'Client') return metadataIn(clients, id)
      const payload = KEPT.has(kind) ? await read(kind, id) : undefined
      return payload && asOfNow(kind, payload, id)
    },

    consume: (id) => inLimits(() => consume(kind, id)),
    destroy: async (id) => void (await store.remove(keyOf(kind, id))),
    revokeByGrantId: revoke,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  })
}

/** The id of the grant that a device's code leads to: known to whoever shows the code, also before there is one. */
export function grantOfDevice(code: string): string {
  return hashSecret(`grant of ${code}`)
}

function metadataIn(clients: Clients, id: string): AdapterPayload | undefined {
  const client = clients.find(id)
  return client && metadataOf(client)
}

const REFRESH_TOKEN = 'RefreshToken'

/** Between what all refresh tokens of a row have in common and what each has of its own. */
const DOT = '.'
/** In the record of a row of refresh tokens: the hash of the one that is good. */
const CURRENT = 'current'

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
function isCurrent(value: Record<string, unknown>, id: string): boolean {
  const current = value[CURRENT]
  return typeof current === 'string' ? isSameHash(current, hashSecret(id)) : !id.includes(DOT)
}

function keyOf(kind: string, id: string): string {
  return `oauth:${kind}:${hashSecret(kind === REFRESH_TOKEN ? rowOf(id) : id)}`
}
