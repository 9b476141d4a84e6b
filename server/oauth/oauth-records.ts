import type { Adapter, AdapterPayload } from 'oidc-provider'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import type { Clients } from './client.ts'
import { metadataOf } from './client-metadata.ts'

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
  const { store, clock, clients, isGood, deviceCode, refuseReplay } = options

  async function read(kind: string, id: string): Promise<AdapterPayload | undefined> {
    const value = (await store.read(keyOf(kind, id)))?.value
    return payloadRecord.Check(value) ? { ...value, kind, jti: id } : undefined
  }

  const revoke = async (grantId: string) => void (await store.remove(keyOf('Grant', grantId)))

  async function consume(kind: string, id: string): Promise<void> {
    const consumed = Math.floor(clock() / 1000)
    const found = await updateRecord<'now' | 'before' | 'gone'>(store, keyOf(kind, id), (value) => {
      if (!payloadRecord.Check(value) || typeof value['exp'] !== 'number') return { result: 'gone' }
      if (value['consumed'] !== undefined) return { result: 'before' }
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
      const isNew = kind === 'AuthorizationCode' || kind === 'DeviceCode'
      await store.write(keyOf(kind, id), value, {
        expiresAt: clock() + expiresIn * 1000,
        durable: kind !== 'DeviceCode',
        begins: isNew,
      })
    },

    async find(id) {
      if (kind === 'Client') return metadataIn(clients, id)
      const payload = KEPT.has(kind) ? await read(kind, id) : undefined
      return payload && asOfNow(kind, payload, id)
    },

    consume: (id) => consume(kind, id),
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

function keyOf(kind: string, id: string): string {
  return `oauth:${kind}:${hashSecret(id)}`
}
