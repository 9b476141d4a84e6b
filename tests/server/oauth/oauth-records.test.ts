import { beforeEach, expect, test } from '@jest/globals'
import { hashSecret } from '../../../server/hashes.ts'
import type { CallState } from '../../../server/oauth/call-state.ts'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import { createOAuthRecords, type OAuthRecords } from '../../../server/oauth/oauth-records.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const NOW = 1_000_000_000_000
const CODE = 'a-code-that-somebody-holds'
const binding = {
  sessionUid: 's1',
  grantId: 'g1',
  collected: { session: 's1', phone: { id: 'p1', user: { id: 'ann', name: 'Ann' } }, until: NOW + 60_000 },
}
const payload = { jti: CODE, kind: 'AuthorizationCode', grantId: 'g1', exp: NOW / 1000 + 60, sessionUid: 's1' }

let now: number
let isGood: boolean
let store: RecordStore
let call: CallState
let adapterOf: OAuthRecords['adapter']
let useUp: OAuthRecords['useUp']
let endDevice: (device: unknown) => Promise<void>

beforeEach(() => {
  now = NOW
  isGood = true
  endDevice = async () => undefined
  store = createMemoryStore({ clock: () => now })
  const clients = createClients()
  clients.replace(parseClients('[{"client_id":"web","client_name":"Web","redirect_uris":["https://web.example/cb"]}]'))
  call = { asked: {}, found: {} }
  ;({ adapter: adapterOf, useUp } = createOAuthRecords({
    store,
    clock: () => now,
    clients,
    authorities: {
      noteGrantingSession: async () => isGood,
      async deviceCode(found, _code, save) {
        await save(binding)
        return { ...found, isAsked: true }
      },
      endDevice: async (device) => endDevice(device),
      call: () => call,
      refuseReplay: () => new Error('used before'),
      isAskedForCode: () => false,
      isGivenBack: () => false,
      inLimits: (use) => use(),
    },
    families: { note: async () => undefined },
  }))
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

test('a device`s grant is taken away before its session ends, and asked again both are done again', async () => {
  const device = { session: 's1', subject: 'ann' }
  const steps: unknown[] = []
  let isCut = true
  const { write } = store
  store.write = (key, value, options) => {
    if (options.durable && key.includes(':Grant:')) steps.push('grant')
    return write(key, value, options)
  }
  endDevice = async (whose) => {
    steps.push(whose)
    if (isCut) throw new Error('no answer')
  }
  call = { asked: {}, found: { device } }
  await adapterOf('Grant').upsert('g1', { ...payload, kind: 'Grant' }, 60)
  call = { asked: {}, found: {} }
  await adapterOf('RefreshToken').upsert(CODE, { ...payload, kind: 'RefreshToken', grantId: 'g1' }, 60)
  steps.length = 0
  await expect(adapterOf('RefreshToken').destroy(CODE)).rejects.toThrow('no answer')
  expect(await adapterOf('Grant').find('g1')).toBeUndefined()
  expect(await adapterOf('RefreshToken').find(CODE)).toBeDefined()
  isCut = false
  await adapterOf('RefreshToken').destroy(CODE)
  expect(steps).toEqual(['grant', device, 'grant', device])
  expect(await adapterOf('RefreshToken').find(CODE)).toBeUndefined()
})

test('what is revoked is gone, durably, also where it is revoked again', async () => {
  const durably: string[] = []
  const { write } = store
  store.write = (key, value, options) => {
    if (options.durable) durably.push(key)
    return write(key, value, options)
  }
  const revocations = {
    Grant: adapterOf('Grant').revokeByGrantId,
    AccessToken: adapterOf('AccessToken').destroy,
    RefreshToken: adapterOf('RefreshToken').destroy,
  }
  for (const [kind, revoke] of Object.entries(revocations)) {
    await adapterOf(kind).upsert(CODE, { ...payload, kind }, 60)
    durably.length = 0
    for (let times = 0; times < 2; times++) await revoke(CODE)
    const key = `oauth:${kind}:${hashSecret(CODE)}`
    expect(durably).toEqual([key, key])
    expect(await adapterOf(kind).find(CODE)).toBeUndefined()
    // It does not come back by what is given for it meanwhile.
    await adapterOf('AccessToken').upsert('another', { ...payload, grantId: CODE, exp: payload.exp + 600 }, 660)
    expect(await adapterOf(kind).find(CODE)).toBeUndefined()
    now += 60_000
    expect(await store.read(key)).toBeUndefined()
    now = NOW
  }
})

test.each(['AccessToken', 'RefreshToken'])(
  'a revocation by %s that the store cut short is done by whoever asks again: the token is still known',
  async (kind) => {
    await adapterOf('Grant').upsert('g1', { ...payload, kind: 'Grant' }, 60)
    await adapterOf(kind).upsert(CODE, { ...payload, kind }, 60)
    const { write } = store
    store.write = () => Promise.reject(new Error('away'))
    await expect(adapterOf(kind).destroy(CODE)).rejects.toThrow('away')
    store.write = write
    expect(await adapterOf(kind).find(CODE)).toBeDefined()
    await adapterOf(kind).destroy(CODE)
    expect([await adapterOf(kind).find(CODE), await adapterOf('Grant').find('g1')]).toEqual([undefined, undefined])
  },
)

test('what is kept holds neither the secret nor a typed code', async () => {
  await adapterOf('DeviceCode').upsert(CODE, { ...payload, kind: 'DeviceCode', userCode: 'WDJBMJHT' }, 60)
  const record = await store.read(`oauth:DeviceCode:${hashSecret(CODE)}`)
  expect(record?.value).toEqual({ grantId: 'g1', exp: payload.exp, sessionUid: 's1' })
  expect(await adapterOf('DeviceCode').find(CODE)).toMatchObject({ jti: CODE, isAsked: true })
})

test.each([0, 120_000])(
  "what is used up is known for it for a minute after its end, with the store's clock %d ms ahead of the library's",
  async (ahead) => {
    now += ahead
    for (const kind of ['AuthorizationCode', 'DeviceCode']) {
      const codes = adapterOf(kind)
      await codes.upsert(CODE, { ...payload, kind }, 60)
      expect(await codes.find(CODE)).not.toHaveProperty('consumed')
      await useUp({ kind, id: CODE })
      expect(await codes.find(CODE)).toHaveProperty('consumed')
      const record = await store.read(`oauth:${kind}:${hashSecret(CODE)}`)
      expect(record?.value).not.toHaveProperty('collected')
    }
    now = Math.max(now, NOW + 60_000) + 59_000
    for (const kind of ['AuthorizationCode', 'DeviceCode']) {
      expect(await adapterOf(kind).find(CODE)).toHaveProperty('consumed')
    }
  },
)

const REPLAY = 'used before'
const [OLD, NEXT, OTHER] = ['family', 'family.next', 'family.other']
const refreshToken = { ...payload, kind: 'RefreshToken' }

test('of many who use one up, one does, and all the others take its grant away', async () => {
  const [codes, grants] = [adapterOf('AuthorizationCode'), adapterOf('Grant')]
  await grants.upsert('g1', { jti: 'g1', kind: 'Grant' }, 60)
  await codes.upsert(CODE, payload, 60)
  await useUp({ kind: 'AuthorizationCode', id: CODE })
  expect(await grants.find('g1')).toMatchObject({ kind: 'Grant' })
  expect(await codes.find(CODE)).toMatchObject({ consumed: NOW / 1000 })

  await codes.upsert('another', { ...payload, jti: 'another' }, 60)
  const use = () => useUp({ kind: 'AuthorizationCode', id: 'another' })
  const tries = await Promise.allSettled([use(), use(), use()])
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await grants.find('g1')).toBeUndefined()
  await expect(useUp({ kind: 'AuthorizationCode', id: 'nobody-has-this' })).rejects.toThrow(REPLAY)
})

test('what is to be used up is good until it is', async () => {
  const codes = adapterOf('AuthorizationCode')
  await codes.upsert(CODE, payload, 60)
  await codes.consume(CODE)
  expect(call.found.spent).toEqual({ kind: 'AuthorizationCode', id: CODE })
  expect(await codes.find(CODE)).toEqual(payload)
})

/** As a request for tokens by this one, up to its last step. */
async function refresh(id: string, successor: string): Promise<() => Promise<void>> {
  call = { asked: {}, found: {} }
  await adapterOf('RefreshToken').consume(id)
  await adapterOf('RefreshToken').upsert(successor, { ...refreshToken, jti: successor }, 60)
  const { spent } = call.found
  return () => useUp(spent ?? { kind: 'RefreshToken', id })
}

const isGoodNow = async (id: string) => {
  const found = await adapterOf('RefreshToken').find(id)
  return found !== undefined && found['consumed'] === undefined
}

test('a refresh token stays good beside the one that takes its place, until that is about to be given', async () => {
  await adapterOf('RefreshToken').upsert(OLD, { ...refreshToken, jti: OLD }, 60)
  const finish = await refresh(OLD, NEXT)
  expect([await isGoodNow(OLD), await isGoodNow(NEXT)]).toEqual([true, true])
  await finish()
  expect([await isGoodNow(OLD), await isGoodNow(NEXT)]).toEqual([false, true])
  await expect(refresh(OLD, OTHER)).rejects.toThrow(REPLAY)
})

test('of two who refresh at once one is given a token, and the other takes the grant away', async () => {
  await adapterOf('Grant').upsert('g1', { jti: 'g1', kind: 'Grant' }, 60)
  await adapterOf('RefreshToken').upsert(OLD, { ...refreshToken, jti: OLD }, 60)
  const [slower, quicker] = [await refresh(OLD, NEXT), await refresh(OLD, OTHER)]
  await quicker()
  await expect(slower()).rejects.toThrow(REPLAY)
  expect(await adapterOf('Grant').find('g1')).toBeUndefined()
  expect(await isGoodNow(NEXT)).toBe(false)
})

test('of two who refresh at once neither is given a token once one of them was refused, however far its grant is taken away', async () => {
  await adapterOf('Grant').upsert('g1', { jti: 'g1', kind: 'Grant' }, 60)
  await adapterOf('RefreshToken').upsert(OLD, { ...refreshToken, jti: OLD }, 60)
  const [loser, winner] = [await refresh(OLD, NEXT), await refresh(OLD, OTHER)]
  const { write } = store
  store.write = (key, ...rest) =>
    key.startsWith('oauth:Grant:') ? Promise.reject(new Error('away')) : write(key, ...rest)
  await expect(loser()).rejects.toThrow('away')
  store.write = write
  await expect(winner()).rejects.toThrow(REPLAY)
  expect(await adapterOf('Grant').find('g1')).toBeUndefined()
  expect([await isGoodNow(OLD), await isGoodNow(NEXT), await isGoodNow(OTHER)]).toEqual([false, false, false])
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
