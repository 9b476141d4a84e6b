import type { AdapterPayload } from 'oidc-provider'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import type { Authorities } from './authorities.ts'
import type { DeviceSession } from './call-state.ts'
import type { TakenAway } from './device-grants.ts'
import { keyOf, OUTLIVES_MS, payloadRecord, TAKEN_AWAY } from './record-form.ts'

interface GrantRecordsOptions {
  store: RecordStore
  clock: Clock
  authorities: Pick<Authorities, 'call' | 'endDevice'>
}

/** What people have given to applications. Every method rejects with `store_unavailable`. */
export interface GrantRecords {
  /** Lets a grant last as long as what is given for it. One that was revoked does not come back. */
  outlast(given: AdapterPayload, expiresAt: number): Promise<void>
  /**
   * Without its grant nothing of it is taken any more.
   * @param by left out: the request that is being answered
   */
  revoke(grantId: string, why: TakenAway, by?: RequestContext): Promise<void>
}

/** In the record of a grant that a device has: the session that ends with it. */
const DEVICE = 'device'

const deviceRecord = Compile(Type.Object({ [DEVICE]: Type.Object({ session: Type.String(), subject: Type.String() }) }))

export function createGrantRecords({ store, clock, authorities }: GrantRecordsOptions): GrantRecords {
  const { call, endDevice } = authorities
  return {
    async outlast({ grantId, exp }, expiresAt) {
      if (grantId === undefined || exp === undefined) return
      await updateRecord<void>(store, keyOf('Grant', grantId), (value) => {
        const isThere = payloadRecord.Check(value) && typeof value['exp'] === 'number'
        if (!isThere || Number(value['exp']) >= exp) return { result: undefined }
        return { next: { value: { ...value, exp }, expiresAt, durable: true }, result: undefined }
      })
    },

    // Revokes the grant before the device's session, as its end may not be on replicas yet. So a second try still finds
    // the token, which is good as long as that session, and in the revoked record the device.
    async revoke(grantId, why, by = call()?.asked.by) {
      const device = await updateRecord<DeviceSession | undefined>(store, keyOf('Grant', grantId), (value) => {
        const result = deviceIn(value)
        if (value === undefined) return { result }
        const next = result === undefined ? TAKEN_AWAY : [TAKEN_AWAY, { [DEVICE]: result }]
        return { next: { value: next, expiresAt: clock() + OUTLIVES_MS, durable: true }, result }
      })
      if (device !== undefined) await endDevice(device, why, by)
    },
  }
}

/** Whose a grant's record is, or was before it was taken away. */
function deviceIn(value: unknown): DeviceSession | undefined {
  const record = Array.isArray(value) ? value[1] : value
  return deviceRecord.Check(record) ? record[DEVICE] : undefined
}

/** The record of a grant that is made for a device. */
export function withDevice(payload: AdapterPayload, device: DeviceSession | undefined): AdapterPayload {
  return device === undefined ? payload : { ...payload, [DEVICE]: device }
}

/** What the provider reads of it. */
export function withoutDevice({ [DEVICE]: _whose, ...payload }: Record<string, unknown>): Record<string, unknown> {
  return payload
}
