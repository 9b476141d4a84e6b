import { beforeEach, expect, test } from '@jest/globals'
import { hashSecret } from '../../../server/hashes.ts'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import { createOAuthRecords, grantOfDevice } from '../../../server/oauth/oauth-records.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const NOW = 1_000_000_000_000
const CODE = 'a-code-that-somebody-holds'
const payload = { jti: CODE, kind: 'AuthorizationCode', grantId: 'g1', exp: NOW / 1000 + 60, sessionUid: 's1' }

let now: number
let isGood: boolean
let store: RecordStore
let adapterOf: ReturnType<typeof createOAuthRecords>

beforeEach(() => {
  now = NOW
  isGood = true
  store = createMemoryStore({ clock: () => now })
  const clients = createClients()
  clients.replace(parseClients('[{"client_id":"web","client_name":"Web","redirect_uris":["https://web.example/cb"]}]'))
  adapterOf = createOAuthRecords({
    store,
    clock: () => now,
    clients,
    isGood: async () => isGood,
    deviceCode: async (found) => ({ ...found, isAsked: true }),
    refuseReplay: () => new Error('used before'),
    isAskedForCode: () => false,
    inLimits: (use) => use(),
    rows: { note: async () => undefined },
  })
})

test('a record is found by who has the secret, for its time, and as long as it is good', async () => {
  const codes = adapterOf('AuthorizationCode')
  await codes.upsert(CODE, payload, 60)
  expect(await codes.find(CODE)).toEqual(payload)
  expect(await codes.find(hashSecret(CODE))).toBeUndefined()
  expect(await adapterOf('AccessToken').find(CODE)).toBeUndefined()
  isGood = false
  expect(await codes.find(CODE)).toBeUndefined()
  isGood = true
  now += 60_000
  expect(await codes.find(CODE)).toBeUndefined()
})

test('what is kept holds neither the secret nor a typed code', async () => {
  await adapterOf('DeviceCode').upsert(CODE, { ...payload, kind: 'DeviceCode', userCode: 'WDJBMJHT' }, 60)
  const record = await store.read(`oauth:DeviceCode:${hashSecret(CODE)}`)
  expect(record?.value).toEqual({ grantId: 'g1', exp: payload.exp, sessionUid: 's1' })
  expect(await adapterOf('DeviceCode').find(CODE)).toMatchObject({ jti: CODE, isAsked: true })
})

test('of many who use one up, one does, and all the others take its grant away', async () => {
  const [codes, grants] = [adapterOf('AuthorizationCode'), adapterOf('Grant')]
  await grants.upsert('g1', { jti: 'g1', kind: 'Grant' }, 60)
  await codes.upsert(CODE, payload, 60)
  await codes.consume(CODE)
  expect(await grants.find('g1')).toMatchObject({ kind: 'Grant' })
  expect(await codes.find(CODE)).toMatchObject({ consumed: NOW / 1000 })

  await codes.upsert('another', { ...payload, jti: 'another' }, 60)
  const tries = await Promise.allSettled([codes.consume('another'), codes.consume('another'), codes.consume('another')])
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await grants.find('g1')).toBeUndefined()
  await expect(codes.consume('nobody-has-this')).rejects.toThrow('used before')
})

test('a code of a device leads to a grant that it names itself: of many who use it up, all but one take that away', async () => {
  const [codes, grants] = [adapterOf('DeviceCode'), adapterOf('Grant')]
  const grantId = grantOfDevice(CODE)
  await codes.upsert(CODE, { jti: CODE, kind: 'DeviceCode', exp: payload.exp }, 60)
  await grants.upsert(grantId, { jti: grantId, kind: 'Grant' }, 60)
  const tries = await Promise.allSettled([codes.consume(CODE), codes.consume(CODE)])
  expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(await grants.find(grantId)).toBeUndefined()
})

test('requests that wait and sessions of the provider are kept nowhere', async () => {
  for (const kind of ['Session', 'Interaction', 'ReplayDetection']) {
    await adapterOf(kind).upsert('x', { jti: 'x', kind }, 60)
    expect(await store.read(`oauth:${kind}:${hashSecret('x')}`)).toBeUndefined()
    expect(await adapterOf(kind).find('x')).toBeUndefined()
  }
})

test('clients are those of the file', async () => {
  expect(await adapterOf('Client').find('web')).toMatchObject({ client_id: 'web', token_endpoint_auth_method: 'none' })
  expect(await adapterOf('Client').find('other')).toBeUndefined()
})
